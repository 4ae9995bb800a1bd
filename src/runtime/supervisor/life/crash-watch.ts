import type { Logger } from '../../../plugin-api/index.ts';

const CRASHES = 3;
const WITHIN_MS = 10_000;
const TELL_EVERY_MS = 60_000;
/** Longer than the longest wait before a worker is replaced: one that ends at once, again and again, is not taken for well in between. */
const CALM_MS = 60_000;

/** Notices when workers end one after the other, and says so at most once a minute while they go on. */
export class CrashWatch {
  readonly #logger: Logger;
  readonly #now: () => number;
  /** The last ends, oldest first. */
  #endedAtMs: readonly number[] = [];
  #isCrashing = false;
  #toldAtMs = Number.NEGATIVE_INFINITY;
  #endsSinceTold = 0;

  /** @param now a clock in ms. Default: that of the process. */
  constructor(logger: Logger, now = (): number => performance.now()) {
    this.#logger = logger;
    this.#now = now;
  }

  /** Whether three workers ended within ten seconds, and since then never a minute went by without another end. */
  get isCrashing(): boolean {
    return this.#isCrashing && this.#now() - (this.#endedAtMs.at(-1) ?? 0) < CALM_MS;
  }

  /** @param why in words */
  ended(why: string): void {
    const now = this.#now();
    const before = this.isCrashing;
    this.#endedAtMs = [...this.#endedAtMs, now].slice(-CRASHES);
    const [first = now] = this.#endedAtMs;
    this.#isCrashing = before || (this.#endedAtMs.length === CRASHES && now - first <= WITHIN_MS);
    this.#endsSinceTold = before ? this.#endsSinceTold + 1 : CRASHES;
    if (!this.#isCrashing || now - this.#toldAtMs < TELL_EVERY_MS) return;
    const withinMs = before ? now - this.#toldAtMs : now - first;
    this.#logger.error('workers crash again and again', {
      ends: this.#endsSinceTold,
      within_ms: Math.round(withinMs),
      last_reason: why,
    });
    this.#toldAtMs = now;
    this.#endsSinceTold = 0;
  }
}
