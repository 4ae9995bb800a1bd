import { vi } from 'vitest';

import { owned } from '../owned.ts';

/** The clock of this process, which stands still but for what a test puts it forward. */
export interface StoppedClock {
  advance(ms: number): void;
  /** From now on time passes by itself again. */
  release(): void;
}

/**
 * Stops `performance.now()` and all timers that are set from now on, until the test ends or {@link StoppedClock.release}.
 * Code that waits meanwhile must wait for events.
 */
export function stoppedClock(): StoppedClock {
  // Whole milliseconds: sums of fractions are rounded, and a time limit could be met one look too late.
  let nowMs = Math.ceil(performance.now());
  const spy = vi.spyOn(performance, 'now').mockImplementation(() => nowMs);
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const release = (): void => {
    spy.mockRestore();
    vi.useRealTimers();
  };
  owned({ close: release });
  return {
    advance: (ms) => {
      nowMs += ms;
      vi.advanceTimersByTime(ms);
    },
    release,
  };
}
