import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import type { WorkerReading, WorkerState } from '../../../../../src/readings/workers/worker.ts';
import { HangWatch } from '../../../../../src/runtime/supervisor/life/hang-watch.ts';
import type { ThreadEnd } from '../../../../../src/runtime/supervisor/life/worker-thread.ts';
import { RecordingLogger } from '../../../../support/recording-logger.ts';

describe('the watch over workers that hang', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  function watched(replaceHung = false) {
    const worker = {
      index: 1,
      number: 2,
      state: 'serving' as WorkerState,
      beatAgeMs: 0,
      ends: [] as ThreadEnd[],
      read: () =>
        ({
          state: worker.state,
          beatAgeMs: worker.beatAgeMs,
          connections: 7,
          utilization: 1,
        }) as WorkerReading,
      hangs: (isHung: boolean) => {
        worker.state = isHung ? 'hung' : 'serving';
      },
      replace: (end: ThreadEnd) => {
        worker.ends.push(end);
        worker.state = 'restarting';
        return Promise.resolve();
      },
    };
    const logger = new RecordingLogger();
    const changes: [number, boolean][] = [];
    const changed = (index: number, isHung: boolean): void => void changes.push([index, isHung]);
    const watch = new HangWatch({ workers: [worker], logger, changed });
    watch.apply({ hang_timeout: 10_000, replace_hung: replaceHung });
    return { worker, logger, changes, watch };
  }

  it('tells once of a worker that gives no sign, and once that it does again', () => {
    const { worker, logger, changes, watch } = watched();
    worker.beatAgeMs = 10_000;
    vi.advanceTimersByTime(1_000);
    expect(logger.lines).toEqual([]);
    worker.beatAgeMs = 10_250;
    vi.advanceTimersByTime(5_000);
    expect(worker.state).toBe('hung');
    expect(logger.lines.splice(0)).toEqual([
      expect.stringMatching(
        /^error worker does not answer: its event loop stands still \{"worker":2,"for_ms":10250,"connections":7,"utilization":1,"advice":"workers.replace_hung: true/,
      ),
    ]);
    worker.beatAgeMs = 100;
    vi.advanceTimersByTime(5_000);
    expect(worker.state).toBe('serving');
    expect(logger.lines).toEqual(['warn worker answers again {"worker":2}']);
    expect(changes).toEqual([
      [1, true],
      [1, false],
    ]);
    expect(worker.ends).toEqual([]);
    watch.destroy();
  });

  it('replaces it if the config says so', () => {
    const { worker, logger, watch } = watched(true);
    worker.beatAgeMs = 12_000;
    vi.advanceTimersByTime(5_000);
    expect(worker.ends).toEqual([{ reason: 'hung', message: 'its event loop stood still for 12s' }]);
    expect(logger.lines).toHaveLength(1);
    expect(logger.lines[0]).not.toContain('advice');
    watch.destroy();
  });

  it('replaces one that hangs already when an edit allows it', () => {
    const { worker, watch } = watched();
    worker.beatAgeMs = 60_000;
    vi.advanceTimersByTime(1_000);
    expect(worker.ends).toEqual([]);
    watch.apply({ hang_timeout: 10_000, replace_hung: true });
    vi.advanceTimersByTime(1_000);
    expect(worker.ends).toHaveLength(1);
    watch.destroy();
  });

  it('looks away once after this thread itself was late', () => {
    const { worker, watch } = watched(true);
    vi.advanceTimersByTime(250);
    worker.beatAgeMs = 60_000;
    // As after a long call: the clock moves on, and the timer comes late.
    const passed = performance.now() + 3_000;
    const clock = vi.spyOn(performance, 'now').mockReturnValue(passed);
    vi.advanceTimersByTime(250);
    expect(worker.state).toBe('serving');
    clock.mockReturnValue(passed + 250);
    vi.advanceTimersByTime(250);
    expect(worker.state).toBe('restarting');
    watch.destroy();
  });

  it.each(['starting', 'restarting', 'stopping'] as const)('lets one alone that is %s', (state) => {
    const { worker, logger, watch } = watched(true);
    worker.state = state;
    worker.beatAgeMs = 60_000;
    vi.advanceTimersByTime(5_000);
    expect(logger.lines).toEqual([]);
    expect(worker.ends).toEqual([]);
    watch.destroy();
  });
});
