import type {
  BackendDetails,
  BackendsReading,
  MembershipReading,
  PoolReading,
  PoolsReading,
  RequestLimitReading,
} from '../../../readings/upstreams/backend.ts';
import type { MemberState } from '../../../readings/upstreams/upstream.ts';
import { keyOf, mergeByKey, sum, unansweredOf } from './merge-by-key.ts';

/** The backends of all workers. */
export function mergeBackends(all: readonly BackendsReading[]): BackendsReading {
  return {
    backends: mergeByKey(
      all.map(({ backends }) => backends),
      ({ name, address }) => keyOf(name, address),
      mergeBackend,
    ),
    // Tables are shared; a worker that has just begun may not know yet that an upstream panics.
    upstreams: mergeByKey(
      all.map(({ upstreams }) => upstreams),
      ({ name }) => name,
      (merged, { panics }) => ({ ...merged, panics: panics === true || merged.panics }),
    ),
    unanswered: unansweredOf(all),
  };
}

function mergeBackend(merged: BackendDetails, other: BackendDetails): BackendDetails {
  return {
    ...merged,
    healthy: merged.healthy && other.healthy,
    // The worker that saw connects fail knows since when and why.
    connects: merged.connects.sinceMs === undefined ? other.connects : merged.connects,
    counts: sum(merged.counts, other.counts),
    gauges: {
      ...sum(merged.gauges, other.gauges),
      // Workers share this limit.
      poolMax: Math.max(merged.gauges.poolMax, other.gauges.poolMax),
    },
    memberships: mergeByKey(
      [merged.memberships, other.memberships],
      ({ upstream }) => upstream,
      mergeMembership,
    ),
  };
}

/** The states of a backend, from the one that operators must not miss to the one that means the least. */
const STATES: readonly MemberState[] = [
  'maintenance',
  'draining',
  'down',
  'open',
  'ejected',
  'half-open',
  'off',
  'up',
  'unknown',
];

/**
 * Settings are the same in all workers; one that serves an older generation still calls the membership live, or not yet: what the live one
 * says counts. A worker may not have heard of a change of the state yet: of two live ones, the one in more trouble counts. Only the worker
 * that ejected a backend or opened its breaker knows why, and counts it.
 */
function mergeMembership(one: MembershipReading, another: MembershipReading): MembershipReading {
  const [merged, other] = countsFirst(one, another) ? [one, another] : [another, one];
  const { ejection, breaker } = merged;
  return {
    ...merged,
    live: merged.live || other.live,
    // A worker may have begun later than the process.
    memberSinceMs: Math.min(merged.memberSinceMs, other.memberSinceMs),
    panics: merged.panics || other.panics,
    requests: merged.requests && mergeRequests(merged.requests, other.requests),
    ejection: ejection && {
      ...ejection,
      total: ejection.total + (other.ejection?.total ?? 0),
      reason: ejection.reason ?? other.ejection?.reason,
    },
    breaker: breaker && {
      ...breaker,
      opened: breaker.opened + (other.breaker?.opened ?? 0),
      reason: breaker.reason ?? other.breaker?.reason,
    },
  };
}

function countsFirst(one: MembershipReading, other: MembershipReading): boolean {
  if (one.live !== other.live) return one.live;
  return STATES.indexOf(one.state) <= STATES.indexOf(other.state);
}

/** Requests are counted for all workers together where `max_requests` limits them. Each worker finds an adaptive limit of its own. */
function mergeRequests(
  merged: RequestLimitReading,
  other: RequestLimitReading | undefined,
): RequestLimitReading {
  if (other === undefined) return merged;
  const { running, max, adaptive } = merged;
  return {
    running: Number.isFinite(max) ? Math.max(running, other.running) : running + other.running,
    max,
    adaptive: adaptive === undefined ? other.adaptive : adaptive + (other.adaptive ?? 0),
  };
}

/** The pools of all workers. Settings are those of the config, which count for all workers together. */
export function mergePools(all: readonly PoolsReading[]): PoolsReading {
  return {
    pools: mergeByKey(
      all.map(({ pools }) => pools),
      poolKey,
      (merged, { leased, idle, waiting, leastIdle, mostIdle }) => ({
        ...merged,
        leased: merged.leased + leased,
        idle: merged.idle + idle,
        waiting: merged.waiting + waiting,
        leastIdle: merged.leastIdle + leastIdle,
        mostIdle: merged.mostIdle + mostIdle,
      }),
    ),
    unanswered: unansweredOf(all),
  };
}

/** Pools with other settings are others: those of a generation that drains. */
function poolKey({ backend, address, use, maxSize, minIdle, maxIdle, maxIdleTimeMs }: PoolReading): string {
  return keyOf(backend, address, use, maxSize, minIdle, maxIdle, maxIdleTimeMs);
}
