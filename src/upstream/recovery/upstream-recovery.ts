import type {
  Retry as RetryConfig,
  Upstream as UpstreamConfig,
} from '../../config/schema/config.generated.ts';
import type { RetrySettings, UpstreamRecovery } from '../../plugin-api/index.ts';
import { retryConditions } from '../../plugin-api/values/retry-conditions.ts';
import { UpstreamRetryBudget } from './retry-budget.ts';
import type { RetryCounts } from './retry-counts.ts';

/** As the schema has them, for an upstream with `hedge` alone. */
const RETRY_DEFAULTS = {
  methods: undefined,
  body_limit: 64 * 1024,
  body_total: 64 * 1024 * 1024,
  budget: { percent: 20, min: 3 },
};

/** Tries nothing again but a request that an idle connection died under, which is sent once more. */
const NO_RETRY: Omit<RetrySettings, 'methods' | 'bodyLimitBytes' | 'bodyTotalBytes'> = {
  isOn: false,
  maxAttempts: 2,
  initialDelayMs: 0,
  maxDelayMs: 0,
  multiplier: 1,
  jitter: 0,
  onConnectFailure: false,
  onReset: false,
  onTimeout: false,
  onStatuses: [],
  perTryTimeoutMs: 0,
};

/** Whether requests for that upstream are tried again beyond what needs no setting, so that {@link RetryCounts} are needed. */
export function triesAgain({ resilience }: Pick<UpstreamConfig, 'resilience'>): boolean {
  return resilience.retry?.enabled === true || resilience.hedge?.enabled === true;
}

/** How requests for that upstream are tried again; undefined when they are not. */
export function upstreamRecovery(
  config: Pick<UpstreamConfig, 'resilience'>,
  counts: RetryCounts | undefined,
): UpstreamRecovery | undefined {
  const { retry, hedge } = config.resilience;
  if (counts === undefined || !triesAgain(config)) return undefined;
  const { methods, body_limit: size, body_total: total, budget } = retry ?? RETRY_DEFAULTS;
  return {
    retry: {
      ...(retry?.enabled === true ? conditionsOf(retry) : NO_RETRY),
      methods,
      bodyLimitBytes: size,
      bodyTotalBytes: total,
    },
    hedge: hedge?.enabled === true ? { afterMs: hedge.after } : undefined,
    budget: new UpstreamRetryBudget(counts, budget),
  };
}

/** When and how often a request is tried again. */
function conditionsOf(retry: RetryConfig): typeof NO_RETRY {
  return {
    isOn: true,
    maxAttempts: retry.max_attempts,
    initialDelayMs: retry.initial_delay,
    maxDelayMs: retry.max_delay,
    multiplier: retry.multiplier,
    jitter: retry.jitter,
    ...retryConditions(retry.on),
    perTryTimeoutMs: retry.per_try_timeout,
  };
}
