/** `.000Z` to `.999Z`. */
const MILLIS = Array.from({ length: 1000 }, (_, millis) => `.${String(millis).padStart(3, '0')}Z`);

/** Formats the timestamps of log lines. The part up to the second is formatted once a second and then kept. */
export class LogClock {
  readonly #now: () => number;
  #second = Number.NaN;
  /** The current second as text: `2025-11-17T15:00:00`. */
  #text = '';

  /** @param now returns the time in ms since 1970 */
  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /**
   * Returns `2025-11-17T15:00:00Z` for the formats that people read, and `2025-11-17T15:00:00.042Z` for JSON, which programs sort.
   *
   * @param atMs ms since 1970; default: now
   */
  timestamp(format: 'text' | 'json' | 'common' | 'combined', atMs = this.#now()): string {
    const nowMs = Math.floor(atMs);
    const second = Math.floor(nowMs / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#text = new Date(second * 1000).toISOString().slice(0, 19);
    }
    return this.#text + (format === 'json' ? (MILLIS[nowMs - second * 1000] ?? 'Z') : 'Z');
  }
}
