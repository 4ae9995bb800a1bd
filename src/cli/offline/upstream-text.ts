import { formatDuration } from '../../config/values/units.ts';
import type {
  ExplainedBackend,
  ExplainedBudget,
  ExplainedRules,
  ExplainedUpstream,
} from '../../runtime/explain/explanation.ts';

/** What is said of an upstream below its backends: a label and its lines each. */
export function upstreamSections(
  upstream: ExplainedUpstream,
): readonly (readonly [string, readonly string[]])[] {
  const { retry, no_retry: reason, hedge, retry_budget: budget, mirror, queue, group, panic } = upstream;
  return [
    ['panic', panic === undefined ? [] : [panic]],
    ['group', group === undefined ? [] : [groupText(group)]],
    ['queue', queue === undefined || !mayWait(upstream) ? [] : [queueText(queue)]],
    ['retries', retry === undefined ? (reason === undefined ? [] : [`none: ${reason}`]) : [retryText(retry)]],
    ['hedge', hedge === undefined ? [] : [`a second try after ${formatDuration(hedge.after_ms)}`]],
    ['budget', budget === undefined ? [] : [budgetText(budget)]],
    [
      'mirror',
      mirror === undefined ? [] : [`${mirror.percent} % of the requests go to ${mirror.upstream} as well`],
    ],
  ];
}

/** Whether requests wait, or may because a backend has limits. Without limits a queue is of no interest. */
function mayWait({ backends, queue }: ExplainedUpstream): boolean {
  const isLimited = backends.some(
    ({ max_connections: most, max_requests: mostRequests }) => most > 0 || mostRequests !== undefined,
  );
  return isLimited || (queue?.waiting ?? 0) > 0;
}

export function backendLines(backends: readonly ExplainedBackend[]): string[] {
  if (backends.length === 0) return ['none'];
  const width = Math.max(...backends.map(({ name }) => name.length));
  return backends.map((backend) => {
    const { name, address, candidate, reason, weight, effective_weight: now } = backend;
    const state = candidate ? 'candidate' : `no candidate: ${reason ?? ''}`;
    const weights = `weight ${weight}${now === undefined ? '' : ` (now ${now})`}`;
    const shown = address === name ? '' : `${address}  `;
    return `${name.padEnd(width)}  ${shown}${[state, weights, ...extras(backend)].join(', ')}`;
  });
}

/** What only some backends have. */
function extras({
  candidate,
  priority,
  zone,
  breaker,
  max_requests: most,
  requests,
}: ExplainedBackend): string[] {
  return [
    ...(priority === undefined ? [] : [priority === 'backup' ? 'backup' : `priority ${priority}`]),
    ...(zone === undefined ? [] : [`zone ${zone}`]),
    // The reason names a breaker that keeps requests away.
    ...(breaker === undefined || (!candidate && breaker !== 'closed') ? [] : [`breaker ${breaker}`]),
    ...(most === undefined ? [] : [`${requests ?? 0} of ${most} requests`]),
  ];
}

function retryText(retry: ExplainedRules): string {
  const { max_attempts: most, on, repeats, per_try_timeout_ms: limitMs, by_route: byRoute } = retry;
  const limit = limitMs === 0 ? '' : `, each for ${formatDuration(limitMs)} at most`;
  const conditions = on.length === 0 ? 'nothing' : on.join(', ');
  const method = repeats ? '' : '; with this method only if no backend got the request';
  return `up to ${most} tries, on ${conditions}${limit}${method}${byRoute ? '; the route changes what the upstream says' : ''}`;
}

function budgetText({ percent, min, allowed, used }: ExplainedBudget): string {
  const now = allowed === undefined || used === undefined ? '' : `; ${used} of ${allowed} run now`;
  return `second tries are ${percent} % of the requests that run, and at least ${min}${now}`;
}

function queueText({
  max_size: most,
  timeout_ms: timeoutMs,
  waiting,
}: NonNullable<ExplainedUpstream['queue']>): string {
  const now = waiting === undefined ? '' : `; ${waiting} wait now`;
  return `up to ${most} requests wait for ${formatDuration(timeoutMs)} when no backend has room${now}`;
}

function groupText({ priority, zone, reason }: NonNullable<ExplainedUpstream['group']>): string {
  const level =
    priority === undefined ? [] : [priority === 'backup' ? 'the backups' : `priority ${priority}`];
  const parts = [...level, ...(zone === undefined ? [] : [`zone ${zone}`])];
  return parts.length === 0 ? reason : `${parts.join(', ')}: ${reason}`;
}
