/** The share by which an interval differs from the configured one, by chance: so the checks of many backends and proxies drift apart. */
const JITTER = 0.1;
/** The longest delay of a timer; with a longer one Node.js fires it at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Calls a function again and again, each time after about the time that is asked for. */
export class CheckTimer {
  readonly #check: () => void;
  readonly #chance: () => number;
  #timer: NodeJS.Timeout | undefined;
  #isFirst = true;
  #isDestroyed = false;
  #scheduledAtMs = 0;
  #delayMs = 0;

  /** @param chance gives a number in [0, 1) */
  constructor(check: () => void, chance: () => number) {
    this.#check = check;
    this.#chance = chance;
  }

  /**
   * Schedules the next check. The first time, it comes after half of the interval to all of it: many backends begin within a second, and their
   * checks shall not come within one second for ever.
   */
  schedule(intervalMs: number): void {
    if (this.#isDestroyed) return;
    this.#delayMs = this.#isFirst ? intervalMs * (0.5 + 0.5 * this.#chance()) : this.#jittered(intervalMs);
    this.#isFirst = false;
    this.#scheduledAtMs = performance.now();
    this.#arm(this.#delayMs);
  }

  /** The next check comes after about this interval since the last one, if it would come later. */
  hasten(intervalMs: number): void {
    if (this.#timer === undefined || this.#delayMs <= intervalMs * (1 + JITTER)) return;
    clearTimeout(this.#timer);
    this.#delayMs = this.#jittered(intervalMs);
    this.#arm(Math.max(0, this.#delayMs - (performance.now() - this.#scheduledAtMs)));
  }

  /** Nothing is scheduled any more. */
  destroy(): void {
    this.#isDestroyed = true;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #jittered(intervalMs: number): number {
    return intervalMs * (1 - JITTER + 2 * JITTER * this.#chance());
  }

  #arm(delayMs: number): void {
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        this.#check();
      },
      Math.min(delayMs, MAX_TIMER_MS),
    ).unref();
  }
}
