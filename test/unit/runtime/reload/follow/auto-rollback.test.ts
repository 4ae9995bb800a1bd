import { beforeEach, describe, expect, it, vi } from 'vitest';

import { loadConfigText } from '../../../../support/labs/load-config.ts';
import type { LoadedConfig } from '../../../../../src/config/load/loaded-config.ts';
import { AutoRollback } from '../../../../../src/runtime/reload/follow/auto-rollback.ts';
import type { ReloadOutcome } from '../../../../../src/runtime/reload/outcome/reload-outcome.ts';
import { owned } from '../../../../support/owned.ts';
import { RecordingLogger } from '../../../../support/recording-logger.ts';
import { exchangeRecord } from '../../../telemetry/records.ts';

const WINDOW_MS = 1000;

beforeEach(() => {
  vi.useFakeTimers();
  owned({ close: () => void vi.useRealTimers() });
});

function config(port: number, windowMs = WINDOW_MS): LoadedConfig {
  const watch = `reload: { watch_errors: { window: ${windowMs}ms, max_error_ratio: 0.1 } }`;
  return loadConfigText(`backends: [{ address: 'a:${port}' }]\n${watch}\n`, 'x.yaml', { modes: ['http'] });
}

/** @param refusals how many rollbacks are refused before one succeeds */
function lab(refusals = 0) {
  const restored: LoadedConfig[] = [];
  const logger = new RecordingLogger();
  const guard = new AutoRollback({
    records: { subscribe: () => () => undefined },
    reloads: {
      reload: ({ restore }) => {
        if (restore !== undefined && 'loaded' in restore) restored.push(restore.loaded);
        const ok = restored.length > refusals;
        return Promise.resolve({ ok, message: 'worker 2 ended' } as ReloadOutcome);
      },
    },
    logger,
  });
  owned({ close: () => guard.destroy() });
  /** That many requests now, all with that status. */
  const answer = (count: number, status: number): void => {
    for (let done = 0; done < count; done += 1) guard.exchange(exchangeRecord({ status, durationMs: 0 }));
  };
  return { guard, restored, answer, logger };
}

describe('the trial of an edit', () => {
  const [first, second] = [config(1), config(2)];

  it('goes on when other plugins come to it', () => {
    const { guard, restored, answer } = lab();
    guard.applied(first, 'start');
    guard.applied(second, 'file');
    guard.applied(second, 'plugins');
    answer(20, 500);
    vi.advanceTimersByTime(WINDOW_MS);
    expect(restored).toEqual([first]);
  });

  it('goes well when it is no worse than what was before', () => {
    const { guard, restored, answer } = lab();
    guard.applied(first, 'start');
    answer(10, 500);
    vi.advanceTimersByTime(WINDOW_MS / 2);
    guard.applied(second, 'file');
    answer(100, 500);
    vi.advanceTimersByTime(2 * WINDOW_MS);
    expect(restored).toEqual([]);
  });

  it('does not excuse it by what was before the window', () => {
    const { guard, restored, answer } = lab();
    guard.applied(first, 'start');
    answer(10, 500);
    vi.advanceTimersByTime(2 * WINDOW_MS);
    guard.applied(second, 'file');
    answer(100, 500);
    vi.advanceTimersByTime(WINDOW_MS);
    expect(restored).toEqual([first]);
  });

  it('is over after the window, and says nothing by a few requests', () => {
    const { guard, restored, answer } = lab();
    guard.applied(first, 'start');
    guard.applied(second, 'file');
    answer(19, 500);
    vi.advanceTimersByTime(WINDOW_MS);
    answer(100, 500);
    vi.advanceTimersByTime(WINDOW_MS);
    expect(restored).toEqual([]);
  });

  it('does not count what workers report of the config before', () => {
    const { guard, restored } = lab();
    guard.applied(first, 'start');
    guard.applied(second, 'file');
    const none = { exchanges: 0, failed: 0 };
    // Both were answered under the first config.
    guard.counted({ exchanges: 50, failed: 50, hash: first.hash, begun: { exchanges: 50, failed: 50 } });
    guard.counted({ exchanges: 50, failed: 50, hash: second.hash, begun: none });
    vi.advanceTimersByTime(WINDOW_MS);
    expect(restored).toEqual([]);
  });

  it('fails by what workers report', () => {
    const { guard, restored } = lab();
    guard.applied(first, 'start');
    guard.counted({ exchanges: 50, failed: 0, hash: first.hash, begun: { exchanges: 50, failed: 0 } });
    guard.applied(second, 'file');
    for (let worker = 0; worker < 2; worker += 1)
      guard.counted({ exchanges: 10, failed: 2, hash: second.hash, begun: { exchanges: 10, failed: 2 } });
    vi.advanceTimersByTime(WINDOW_MS / 4);
    expect(restored).toEqual([first]);
  });

  it('fails when three workers end, however long they take to begin anew', () => {
    const { guard, restored } = lab();
    guard.applied(first, 'start');
    for (let crash = 0; crash < 3; crash += 1) guard.crashed();
    guard.applied(config(2, 60_000), 'file');
    guard.crashed();
    guard.crashed();
    vi.advanceTimersByTime(29_000);
    expect(restored).toEqual([]);
    guard.crashed();
    expect(restored).toEqual([first]);
    guard.crashed();
    expect(restored).toEqual([first]);
  });
});

describe('a rollback that is refused, as by a worker that ends', () => {
  const [first, second, third] = [config(1), config(2), config(3)];

  function failing(refusals: number) {
    const made = lab(refusals);
    made.guard.applied(first, 'start');
    made.guard.applied(second, 'file');
    for (let crash = 1; crash <= 3; crash += 1) made.guard.crashed();
    return made;
  }

  it('is tried again until it succeeds', async () => {
    const { restored, logger } = failing(3);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(restored).toEqual([first, first, first, first]);
    expect(logger.lines.join()).not.toContain('could not be taken back');
  });

  it('is given up after a while', async () => {
    const { restored, logger } = failing(100);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(restored).toHaveLength(10);
    expect(logger.lines.at(-1)).toBe('error the edit could not be taken back {"reason":"worker 2 ended"}');
  });

  it('is not tried again after a later edit, nor at the end', async () => {
    const edited = failing(100);
    await vi.advanceTimersByTimeAsync(0);
    edited.guard.applied(third, 'file');
    const ended = failing(100);
    await vi.advanceTimersByTimeAsync(0);
    ended.guard.destroy();
    await vi.advanceTimersByTimeAsync(60_000);
    expect([edited.restored, ended.restored]).toEqual([[first], [first]]);
  });
});
