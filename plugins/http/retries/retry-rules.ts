import type { RetryBudget, RetrySettings, UpstreamRecovery } from '../../../src/plugin-api/index.ts';
import { isIdempotent } from './retry-policy.ts';

/** When requests for an upstream are tried again, as `resilience.retry` and a route say, and the budget that they share. */
export class RetryRules {
  readonly settings: RetrySettings;
  /** So long a request may be without the head of a response, until a second try begins beside the first one. 0: for ever. */
  readonly hedgeAfterMs: number;
  readonly budget: RetryBudget;
  readonly #methods: ReadonlySet<string> | undefined;

  constructor({ retry: settings, hedge, budget }: UpstreamRecovery) {
    this.settings = settings;
    this.hedgeAfterMs = hedge?.afterMs ?? 0;
    this.budget = budget;
    this.#methods = settings.methods === undefined ? undefined : new Set(settings.methods);
  }

  /** Whether a request with that method may be sent again although a backend may have executed it. */
  repeats(method: string): boolean {
    return this.#methods?.has(method) ?? isIdempotent(method);
  }

  /** Whether a response with that status counts as a failed try. */
  hasStatus(status: number): boolean {
    return this.settings.onStatuses.some(({ from, to }) => status >= from && status <= to);
  }

  /**
   * How long to wait before a try, in ms: a random time, so that requests that failed together do not come back together.
   *
   * @param retries how many second tries came before it
   * @param chance a random number from 0 to below 1
   */
  delayMs(retries: number, chance: number): number {
    const { initialDelayMs, maxDelayMs, multiplier, jitter } = this.settings;
    const longestMs = Math.min(maxDelayMs, initialDelayMs * multiplier ** retries);
    return longestMs * (1 - jitter * chance);
  }
}
