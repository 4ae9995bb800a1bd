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

function config(port: number): LoadedConfig {
  const watch = `reload: { watch_errors: { window: ${WINDOW_MS}ms, max_error_ratio: 0.1 } }`;
  return loadConfigText(`backends: [{ address: 'a:${port}' }]\n${watch}\n`, 'x.yaml', { modes: ['http'] });
}

function lab() {
  const restored: LoadedConfig[] = [];
  const guard = new AutoRollback({
    records: { subscribe: () => () => undefined },
    reloads: {
      reload: ({ restore }) => {
        if (restore !== undefined && 'loaded' in restore) restored.push(restore.loaded);
        return Promise.resolve({ ok: true } as ReloadOutcome);
      },
    },
    logger: new RecordingLogger(),
  });
  owned({ close: () => guard.destroy() });
  /** That many requests now, all with that status. */
  const answer = (count: number, status: number): void => {
    for (let done = 0; done < count; done += 1) guard.exchange(exchangeRecord({ status, durationMs: 0 }));
  };
  return { guard, restored, answer };
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

  it('fails when three workers end within ten seconds', () => {
    const { guard, restored } = lab();
    guard.applied(first, 'start');
    for (let crash = 0; crash < 3; crash += 1) guard.crashed();
    guard.applied(second, 'file');
    guard.crashed();
    guard.crashed();
    expect(restored).toEqual([]);
    guard.crashed();
    expect(restored).toEqual([first]);
    guard.crashed();
    expect(restored).toEqual([first]);
  });
});
