import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DrainWatch } from '../../../../src/runtime/control/drain-watch.ts';
import { drainRestOf, type DrainedListener } from '../../../../src/runtime/worker/readings/drain-rest-of.ts';
import type { RunningWork } from '../../../../src/net/listen/accepted-connection.ts';
import { RecordingLogger } from '../../../support/recording-logger.ts';

function listenerOf(
  name: string,
  connections: number,
  kinds: readonly RunningWork['kind'][],
): DrainedListener {
  const works = kinds.map((kind) => ({ kind }) as RunningWork);
  return { name, connections, running: () => works };
}

describe('what is told of a shutdown that waits', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('comes at once and every five seconds, with the most connections first', () => {
    const logger = new RecordingLogger();
    let listeners = [
      listenerOf('empty', 0, []),
      listenerOf('web', 2, ['exchange']),
      listenerOf('raw', 3, ['tunnel', 'tunnel', 'tunnel']),
    ];
    const watch = new DrainWatch({ logger, rests: () => listeners.map(drainRestOf), limitMs: 30_000 });
    vi.advanceTimersByTime(1);
    const first = logger.lines.splice(0);
    expect(first).toHaveLength(2);
    expect(first[0]).toMatch(
      /^info waiting for what still runs \{"listener":"raw","connections":3,"requests":0,"tunnels":3,"cut_in_ms":\d+\}$/,
    );
    expect(first[1]).toContain('"listener":"web","connections":2,"requests":1,"tunnels":0');
    listeners = [listenerOf('web', 1, [])];
    vi.advanceTimersByTime(5_000);
    expect(logger.lines.splice(0)).toEqual([expect.stringContaining('"connections":1,"requests":0')]);
    watch.stop();
    vi.advanceTimersByTime(20_000);
    expect(logger.lines).toEqual([]);
  });

  it('is bounded where a config has many listeners, and names what is cut', () => {
    const logger = new RecordingLogger();
    const listeners = Array.from({ length: 25 }, (_, at) => listenerOf(`l${String(at)}`, 1, ['exchange']));
    const watch = new DrainWatch({ logger, rests: () => listeners.map(drainRestOf), limitMs: 100 });
    void watch.tellCut();
    expect(logger.lines).toHaveLength(21);
    expect(logger.lines.at(-1)).toBe(
      'warn drain took too long, connections are cut {"listener":"5 more","connections":5,"requests":5,"tunnels":0,"limit_ms":100}',
    );
    vi.advanceTimersByTime(10_000);
    expect(logger.lines).toHaveLength(21);
  });
});
