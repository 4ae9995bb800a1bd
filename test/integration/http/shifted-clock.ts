import { vi } from 'vitest';

import { owned } from '../../support/owned.ts';

/** The clock of this process, which a test puts forward. */
export interface ShiftedClock {
  shiftMs: number;
}

/** Shifts what `performance.now()` says until the test ends; timers go on as they are. */
export function shiftedClock(): ShiftedClock {
  const clock = { shiftMs: 0 };
  const now = performance.now.bind(performance);
  const spy = vi.spyOn(performance, 'now').mockImplementation(() => now() + clock.shiftMs);
  owned({ close: () => spy.mockRestore() });
  return clock;
}
