import type { Deadline } from '../plugin-api/index.ts';

/** The longest delay that `setTimeout` takes; longer deadlines are waited for in pieces. */
const LONGEST_DELAY_MS = 2 ** 31 - 1;

/**
 * A {@link Deadline} over one timer that is left running while it is moved to later: the timer looks at
 * the clock when it fires and goes on for the rest. Moving costs a clock reading in nearly all calls.
 */
export class LazyDeadline implements Deadline {
  readonly #expired: () => void;
  readonly #fire: () => void;
  #timer: NodeJS.Timeout | undefined;
  /** When it expires, by `performance.now()`; 0: not set. */
  #dueAtMs = 0;
  #firesAtMs = 0;

  constructor(expired: () => void) {
    this.#expired = expired;
    this.#fire = () => {
      this.#timer = undefined;
      this.#fired();
    };
  }

  set(ms: number): void {
    const now = performance.now();
    this.#dueAtMs = now + ms;
    if (this.#timer === undefined) this.#arm(now, ms);
    else if (this.#firesAtMs > this.#dueAtMs) {
      clearTimeout(this.#timer);
      this.#arm(now, ms);
    }
  }

  clear(): void {
    this.#dueAtMs = 0;
  }

  destroy(): void {
    this.#dueAtMs = 0;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #arm(now: number, ms: number): void {
    const delay = Math.min(Math.max(1, Math.ceil(ms)), LONGEST_DELAY_MS);
    this.#firesAtMs = now + delay;
    this.#timer = setTimeout(this.#fire, delay);
  }

  #fired(): void {
    if (this.#dueAtMs === 0) return;
    const now = performance.now();
    const rest = this.#dueAtMs - now;
    if (rest > 0.5) {
      this.#arm(now, rest);
      return;
    }
    this.#dueAtMs = 0;
    this.#expired();
  }
}
