import type { Resilience } from '../../schema/config.generated.ts';
import type { Path } from '../../problems/problem.ts';
import { formatDuration } from '../../values/units.ts';
import type { CheckContext } from '../check-context.ts';

/** The settings of each upstream for backends that fail fit together. */
export function checkResilience(context: CheckContext): void {
  for (const [index, { resilience, timeouts }] of context.config.upstreams.entries()) {
    const at: Path = ['upstreams', index, 'resilience'];
    checkHedge(resilience, timeouts.read, at, context);
    checkLimits(resilience, at, context);
    checkDelays(resilience, at, context);
  }
}

function checkLimits({ adaptive_concurrency: limits }: Resilience, at: Path, { error }: CheckContext): void {
  if (limits === undefined || limits.min_limit <= limits.max_limit) return;
  error([...at, 'adaptive_concurrency', 'min_limit'], `must be <= max_limit (${limits.max_limit})`);
}

/** A second try begins before the first one is given up. */
function checkHedge({ hedge, retry }: Resilience, readMs: number, at: Path, { warn }: CheckContext): void {
  if (hedge?.enabled !== true) return;
  const perTryMs = retry?.enabled === true ? retry.per_try_timeout : 0;
  const isPerTry = perTryMs > 0 && perTryMs < readMs;
  const [limitMs, name] = isPerTry ? [perTryMs, 'retry.per_try_timeout'] : [readMs, 'timeouts.read'];
  if (hedge.after < limitMs) return;
  const limit = `${name} (${formatDuration(limitMs)})`;
  warn([...at, 'hedge', 'after'], `is not shorter than ${limit}: no second try ever begins`);
}

function checkDelays({ retry }: Resilience, at: Path, context: CheckContext): void {
  const path = [...at, 'retry', 'initial_delay'];
  if (retry === undefined || retry.initial_delay <= retry.max_delay || !context.given(path)) return;
  context.warn(path, 'is longer than max_delay, the longest time that is waited');
}
