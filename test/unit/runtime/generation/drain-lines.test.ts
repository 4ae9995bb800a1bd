import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { DrainLines, type WaitedFor } from '../../../../src/runtime/generation/drain-lines.ts';
import { RecordingLogger } from '../../../support/recording-logger.ts';

function lab() {
  const logger = new RecordingLogger();
  let waitedFor: WaitedFor[] = [];
  const sinceMs = new Map<number, number>();
  const lines = new DrainLines({ logger, generations: { readings: () => waitedFor } });
  const begin = (generation: WaitedFor): void => {
    waitedFor = [...waitedFor, generation];
    sinceMs.set(generation.id, Date.now());
    lines.begin(generation.id);
  };
  const over = (id: number): void => {
    waitedFor = waitedFor.filter((each) => each.id !== id);
    lines.over(id, sinceMs.get(id) ?? 0);
  };
  return { lines, logger, begin, over };
}

const TUNNELS = {
  listener: 'raw',
  protocol: 'tcp',
  kind: 'tunnel',
  upstream: 'db',
  backend: 'db-1',
  count: 2,
} as const;
const REQUEST = {
  listener: 'web',
  protocol: 'http',
  kind: 'exchange',
  upstream: '',
  backend: '',
  count: 1,
} as const;

describe('what is told of an edit whose old config still runs something', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('names what holds it after five seconds, ever more seldom, and then its end', () => {
    const { logger, begin, over } = lab();
    begin({ id: 1, cutAtMs: Date.now() + 60_000, holds: [REQUEST, TUNNELS] });
    vi.advanceTimersByTime(4_900);
    expect(logger.lines).toEqual([]);
    vi.advanceTimersByTime(100);
    expect(logger.lines.splice(0)).toEqual([
      'info waiting for what still runs on a replaced config ' +
        '{"generation":1,"requests":1,"tunnels":2,' +
        '"held_by":"2 tunnels of listener raw to upstream db, backend db-1; 1 request of listener web","cut_in_ms":55000}',
    ]);
    vi.advanceTimersByTime(30_000);
    expect(logger.lines.splice(0)).toHaveLength(2);
    over(1);
    expect(logger.lines.splice(0)).toEqual([
      'info nothing runs on a replaced config any more {"generation":1,"after_ms":35000}',
    ]);
    vi.advanceTimersByTime(60 * 60_000);
    expect(logger.lines).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is nothing where it is over soon, and comes at least every ten minutes where it is not', () => {
    const { lines, logger, begin, over } = lab();
    begin({ id: 1, cutAtMs: undefined, holds: [REQUEST] });
    begin({ id: 2, cutAtMs: undefined, holds: [TUNNELS] });
    vi.advanceTimersByTime(1_000);
    over(1);
    vi.advanceTimersByTime(24 * 60 * 60_000);
    const told = logger.lines.splice(0);
    expect(told.every((line) => line.includes('"generation":2'))).toBe(true);
    expect(told.length).toBeGreaterThan(140);
    expect(told.length).toBeLessThan(160);
    lines.destroy();
    expect(vi.getTimerCount()).toBe(0);
  });
});
