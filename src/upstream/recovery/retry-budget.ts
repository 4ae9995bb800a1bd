import type { RetryBudget } from '../../plugin-api/index.ts';
import type { RetryCounts } from './retry-counts.ts';

const NO_LIMIT = Number.POSITIVE_INFINITY;

/** Which part of an upstream's requests may be second tries at a time. */
export interface RetryBudgetSettings {
  /** Of the requests that the upstream has at the moment, waiting ones included. */
  readonly percent: number;
  /** So many tries may always run. */
  readonly min: number;
}

/**
 * The budget of an upstream's second tries. A try takes its place at its decision, and keeps it to its end, so that the time that it waits
 * counts too. From `min / (percent / 100)` requests at a time on, second tries are at most `percent` of all that runs.
 */
export class UpstreamRetryBudget implements RetryBudget {
  readonly settings: RetryBudgetSettings;
  readonly #counts: RetryCounts;

  constructor(counts: RetryCounts, settings: RetryBudgetSettings) {
    this.#counts = counts;
    this.settings = settings;
  }

  begin(): void {
    this.#counts.requests.take(NO_LIMIT);
  }

  end(): void {
    this.#counts.requests.release();
  }

  take(): boolean {
    return this.#counts.tries.take(this.size);
  }

  /** How many second tries may run now. */
  get size(): number {
    const { percent, min } = this.settings;
    return Math.max(min, Math.floor((percent / 100) * this.#counts.requests.taken));
  }

  /** How many run, or wait for their time. */
  get used(): number {
    return this.#counts.tries.taken;
  }

  release(): void {
    this.#counts.tries.release();
  }
}
