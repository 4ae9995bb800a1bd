import type { Upstream as UpstreamConfig } from '../../config/schema/config.generated.ts';
import { parseStatusRanges } from '../../config/values/status-ranges.ts';
import type { UpstreamRecovery } from '../../plugin-api/index.ts';
import { UpstreamRetryBudget } from './retry-budget.ts';
import type { RetryCounts } from './retry-counts.ts';

/** Whether requests for that upstream are tried again beyond what needs no setting, so that {@link RetryCounts} are needed. */
export function triesAgain({ resilience }: Pick<UpstreamConfig, 'resilience'>): boolean {
  return resilience.retry?.enabled === true;
}

/** How requests for that upstream are tried again; undefined when they are not. */
export function upstreamRecovery(
  { resilience: { retry } }: Pick<UpstreamConfig, 'resilience'>,
  counts: RetryCounts | undefined,
): UpstreamRecovery | undefined {
  if (retry?.enabled !== true || counts === undefined) return undefined;
  return {
    retry: {
      maxAttempts: retry.max_attempts,
      initialDelayMs: retry.initial_delay,
      maxDelayMs: retry.max_delay,
      multiplier: retry.multiplier,
      jitter: retry.jitter,
      onConnectFailure: retry.on.includes('connect-failure'),
      onReset: retry.on.includes('reset'),
      onTimeout: retry.on.includes('timeout'),
      onStatuses: retry.on.filter((condition) => /^\d/.test(condition)).flatMap(parseStatusRanges),
      methods: retry.methods,
      perTryTimeoutMs: retry.per_try_timeout,
      bodyLimitBytes: retry.body_limit,
      bodyTotalBytes: retry.body_total,
    },
    budget: new UpstreamRetryBudget(counts, retry.budget),
  };
}
