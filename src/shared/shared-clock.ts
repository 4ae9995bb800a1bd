/**
 * A clock that all threads of the process share, and that no change of the system's time moves: `performance.now()` of each thread
 * begins at another moment. In whole ms that fit a word. It wraps around after 12 days, so times are compared by {@link msBetween}.
 */
export class SharedClock {
  /** What this thread's `performance.now()` lacks. */
  readonly #offsetMs = Number(process.hrtime.bigint() / 1_000_000n) - performance.now();

  now(): number {
    return this.at(performance.now());
  }

  /** @param performanceMs by this thread's `performance.now()` */
  at(performanceMs: number): number {
    return Math.floor(performanceMs + this.#offsetMs) & TIME_MASK;
  }
}

const TIME_MASK = 2 ** 30 - 1;

/** From one time of a {@link SharedClock} to another one, at most 6 days apart. Negative when `to` is earlier. */
export function msBetween(from: number, to: number): number {
  return ((to - from) << 2) >> 2;
}
