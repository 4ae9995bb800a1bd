/** Timestamps of log lines, `2025-11-17T15:00:00Z`; formatted once a second. */
export class LogClock {
  readonly #now: () => number;
  #second = Number.NaN;
  #text = '';

  /** `now` gives ms since 1970. */
  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  timestamp(): string {
    const second = Math.floor(this.#now() / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#text = `${new Date(second * 1000).toISOString().slice(0, 19)}Z`;
    }
    return this.#text;
  }
}
