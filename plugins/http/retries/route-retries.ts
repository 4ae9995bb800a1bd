import type { RetrySettings, Upstream, UpstreamRecovery } from '../../../src/plugin-api/index.ts';
import { retryConditions } from '../../../src/plugin-api/values/retry-conditions.ts';
import type { Route, RouteRetry } from '../config/schema/options.generated.ts';
import { RetryRules } from './retry-rules.ts';

/** When the requests of one route are tried again: as its upstream says, with what the route itself changes. */
export class RouteRetries {
  readonly #own: Pick<Route, 'retry' | 'hedge'>;
  readonly #rules = new WeakMap<UpstreamRecovery, RetryRules>();

  /** @param own the route; `{}` for the way to the listener's own upstream */
  constructor(own: Pick<Route, 'retry' | 'hedge'>) {
    this.#own = own;
  }

  /** Whether the route has settings of its own. */
  get areChanged(): boolean {
    const { retry, hedge } = this.#own;
    return (retry !== undefined && retry !== true) || (hedge !== undefined && hedge !== true);
  }

  /** The rules for an upstream, which a filter may have chosen; undefined when nothing is tried again. */
  of({ recovery }: Pick<Upstream, 'recovery'>): RetryRules | undefined {
    if (recovery === undefined || this.#own.retry === false) return undefined;
    let rules = this.#rules.get(recovery);
    if (rules === undefined) {
      rules = new RetryRules(this.#changed(recovery));
      this.#rules.set(recovery, rules);
    }
    return rules;
  }

  #changed({ retry: settings, hedge: hedging, budget }: UpstreamRecovery): UpstreamRecovery {
    const { retry, hedge } = this.#own;
    return {
      retry: typeof retry === 'object' && settings.isOn ? { ...settings, ...changesOf(retry) } : settings,
      hedge: hedge === false ? undefined : typeof hedge === 'object' ? { afterMs: hedge.after } : hedging,
      budget,
    };
  }
}

function changesOf(own: RouteRetry): Partial<RetrySettings> {
  const given = {
    maxAttempts: own.max_attempts,
    initialDelayMs: own.initial_delay,
    maxDelayMs: own.max_delay,
    methods: own.methods,
    perTryTimeoutMs: own.per_try_timeout,
    bodyLimitBytes: own.body_limit,
    ...(own.on && retryConditions(own.on)),
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}
