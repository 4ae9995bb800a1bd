import type { Upstream as UpstreamConfig } from '../../config/schema/config.generated.ts';
import type { Member } from '../../upstream/group/member.ts';
import { stateWord } from '../../readings/upstreams/upstream.ts';
import type { ExplainedBackend, ExplainedPriority } from './explanation.ts';

/** The highest `priority` that a config may have; a backup has one behind it. */
const MOST_PRIORITY = 100;

/** Whether the balancer may choose the member. */
export function isCandidate(member: Member): boolean {
  return member.weight > 0 && member.available;
}

/** What is to be said of one backend of an upstream. */
export function explainBackend(config: UpstreamConfig, member: Member, live: boolean): ExplainedBackend {
  const { backend, weight } = member;
  const candidate = isCandidate(member);
  return {
    name: backend.name,
    address: backend.address,
    weight,
    ...(member.effectiveWeight === weight ? {} : { effective_weight: member.effectiveWeight }),
    candidate,
    ...(candidate ? {} : { reason: reasonAgainst(member) }),
    health: healthOf(config, member, live),
    ...(live ? { state: weight === 0 ? 'off' : stateWord(member.state) } : {}),
    ...(config.backends.some(({ priority, backup }) => priority !== 0 || backup)
      ? { priority: shownPriority(member.priority) }
      : {}),
    ...(member.zone === '' ? {} : { zone: member.zone }),
    ...(member.breaker === undefined || !live ? {} : { breaker: member.breaker.state }),
    active: backend.active,
    max_connections: Number.isFinite(member.maxConnections) ? member.maxConnections : 0,
    ...requestsOf(member),
  };
}

/** The priority as the config says it. */
export function shownPriority(priority: number): ExplainedPriority {
  return priority > MOST_PRIORITY ? 'backup' : priority;
}

function healthOf(
  { health_check: check }: UpstreamConfig,
  member: Member,
  live: boolean,
): ExplainedBackend['health'] {
  if (check?.enabled !== true || !live || !member.isKnown) return 'unknown';
  return member.sound ? 'healthy' : 'unhealthy';
}

function requestsOf({ requests }: Member): Pick<ExplainedBackend, 'max_requests' | 'requests'> {
  if (requests === undefined) return {};
  return { max_requests: mostRequests(requests), requests: requests.running };
}

function mostRequests({ max, adaptive }: NonNullable<Member['requests']>): number {
  return Math.min(max, adaptive?.limit ?? max);
}

function reasonAgainst(member: Member): string {
  if (member.weight === 0) return 'its weight is 0';
  if (!member.up || member.breaker?.hasRoom === false) return reasonOfState(member);
  if (member.active >= member.maxConnections) return `at its limit of ${member.maxConnections} connections`;
  const { requests } = member;
  if (requests?.hasRoom === false) return `at its limit of ${mostRequests(requests)} requests`;
  return 'all sockets of its pool are in use';
}

/** Why the state of a member keeps it from requests. */
function reasonOfState({ health, standing, ejection, breaker, state }: Member): string {
  const { hand } = standing;
  if (hand !== undefined && hand.state !== 'healthy')
    return `set to ${hand.state} by an operator${hand.reason === undefined ? '' : `: ${hand.reason}`}`;
  if (state === 'draining' || state === 'maintenance')
    return `${state}, as its agent says: ${health?.agent?.text ?? ''}`;
  if (state === 'open' || state === 'half-open')
    return `its circuit breaker is ${state}${breaker?.reason === undefined ? '' : `: ${breaker.reason}`}`;
  if (state === 'ejected') return `ejected${ejection?.reason === undefined ? '' : `: ${ejection.reason}`}`;
  return health?.lastError === undefined
    ? 'unhealthy: too few checks passed'
    : `unhealthy: ${health.lastError}`;
}
