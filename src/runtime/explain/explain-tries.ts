import type { Upstream as UpstreamConfig } from '../../config/schema/config.generated.ts';
import type { ExplainedForward } from '../../plugin-api/index.ts';
import type { UpstreamGroup } from '../../upstream/group/upstream-group.ts';
import { UpstreamRetryBudget } from '../../upstream/recovery/retry-budget.ts';
import type { ExplainedUpstream } from './explanation.ts';

type Explained = Pick<ExplainedUpstream, 'retry' | 'no_retry' | 'hedge' | 'retry_budget'>;

/** How a request is tried again when it fails, or takes long. */
export function explainTries(
  config: UpstreamConfig,
  group: UpstreamGroup,
  { tries }: Pick<ExplainedForward, 'tries'>,
  live: boolean,
): Explained {
  if (tries === undefined) return {};
  const { retry, hedgeAfterMs, repeats, byRule } = tries;
  const isHedged = hedgeAfterMs !== undefined && repeats;
  return {
    ...(retry === undefined ? noRetry(config, byRule) : { retry: { ...retry, repeats, by_route: byRule } }),
    ...(isHedged ? { hedge: { after_ms: hedgeAfterMs } } : {}),
    ...(retry === undefined && !isHedged ? {} : budgetOf(config, group, live)),
  };
}

function noRetry({ resilience: { retry } }: UpstreamConfig, byRule: boolean): Explained {
  if (retry?.enabled !== true || !byRule) return {};
  return { no_retry: 'retry: false of the route' };
}

function budgetOf(
  { resilience: { retry } }: UpstreamConfig,
  { recovery }: UpstreamGroup,
  live: boolean,
): Explained {
  const budget = recovery?.budget;
  if (!(budget instanceof UpstreamRetryBudget)) return {};
  const { percent, min } = retry?.budget ?? budget.settings;
  const now = live ? { allowed: budget.size, used: budget.used } : {};
  return { retry_budget: { percent, min, ...now } };
}
