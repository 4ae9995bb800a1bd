import type { Logger } from '../../../plugin-api/index.ts';

const CRASHES = 3;
const WITHIN_MS = 10_000;
const TELL_EVERY_MS = 60_000;

/** Notices when workers end one after the other, and says so at most once a minute. */
export class CrashWatch {
  readonly #logger: Logger;
  readonly #now: () => number;
  /** The last ends, oldest first. */
  #endedAtMs: readonly number[] = [];
  #toldAtMs = Number.NEGATIVE_INFINITY;

  /** @param now a clock in ms. Default: that of the process. */
  constructor(logger: Logger, now = (): number => performance.now()) {
    this.#logger = logger;
    this.#now = now;
  }

  /** Whether three workers ended within the last ten seconds. */
  get isCrashing(): boolean {
    const [first] = this.#endedAtMs;
    return this.#endedAtMs.length === CRASHES && first !== undefined && this.#now() - first <= WITHIN_MS;
  }

  /** @param why in words */
  ended(why: string): void {
    const now = this.#now();
    this.#endedAtMs = [...this.#endedAtMs, now].slice(-CRASHES);
    if (!this.isCrashing || now - this.#toldAtMs < TELL_EVERY_MS) return;
    this.#toldAtMs = now;
    this.#logger.error('workers crash again and again', {
      ends: CRASHES,
      within_ms: WITHIN_MS,
      last_reason: why,
    });
  }
}
