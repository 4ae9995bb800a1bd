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
    checkTryTime(resilience, timeouts.read, at, context);
    checkBudget(resilience, at, context);
  }
}

function checkLimits({ adaptive_concurrency: limits }: Resilience, at: Path, context: CheckContext): void {
  if (limits === undefined) return;
  const { min_limit: min, max_limit: max, initial_limit: initial } = limits;
  const path = [...at, 'adaptive_concurrency'];
  if (min > max) context.error([...path, 'min_limit'], `must be <= max_limit (${max})`);
  const bound = initial > max ? `more than max_limit (${max})` : `less than min_limit (${min})`;
  if ((initial > max || initial < min) && min <= max && context.given([...path, 'initial_limit']))
    context.warn([...path, 'initial_limit'], `is ${bound}: the limit begins there`);
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

/** The time limit of a try leads to another try only where `on` says so, and only if it is over before that of the upstream. */
function checkTryTime({ retry }: Resilience, readMs: number, at: Path, { warn, given }: CheckContext): void {
  const path = [...at, 'retry', 'per_try_timeout'];
  if (retry?.enabled !== true || retry.per_try_timeout === 0 || !given(path)) return;
  if (retry.per_try_timeout >= readMs)
    warn(path, `has no effect: it is not shorter than timeouts.read (${formatDuration(readMs)})`);
  else if (!retry.on.includes('timeout'))
    warn(path, 'ends requests with 504 and leads to no other try, as retry.on does not have timeout');
}

/** A ratio where a percentage belongs. */
function checkBudget({ retry }: Resilience, at: Path, { warn }: CheckContext): void {
  const percent = retry?.budget.percent ?? 0;
  if (percent > 0 && percent < 1)
    warn(
      [...at, 'retry', 'budget', 'percent'],
      `is ${percent} per cent, and not ${Math.round(percent * 100)}: write 20 for a fifth`,
    );
}
