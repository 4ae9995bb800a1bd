import type {
  BackendDetails,
  BackendReading,
  MembershipParts,
  MembershipReading,
  PoolReading,
} from '../../../readings/upstreams/backend.ts';
import { hostNameReading } from '../../../net/dns/host-name-reading.ts';
import type { BackendState } from '../../../upstream/backend/backend-state.ts';
import type { Member } from '../../../upstream/group/member.ts';
import type { DrainingGenerations } from '../../generation/draining-generations.ts';
import type { LiveView } from '../../generation/live-view.ts';
import type { SharedUpstream } from '../../upstreams/shared-upstream.ts';
import { backendTls } from './backend-tls.ts';
import type { ReadingIds } from './reading-ids.ts';

/** The upstreams of a generation. */
export interface UpstreamsInUse {
  /** False for a generation that was replaced and drains. */
  readonly live: boolean;
  readonly upstreams: Iterable<SharedUpstream>;
}

/** All these backends in numbers. A backend that nobody says to be down is healthy, unless connects to it fail and it is not checked. */
export function backendReadings(
  backends: readonly BackendState[],
  live: LiveView,
  draining: DrainingGenerations,
  ids: ReadingIds,
): BackendReading[] {
  const healthy = new Map<BackendState, boolean>();
  for (const { backend, health } of live.backends()) healthy.set(backend, health !== 'unhealthy');
  // Usually all backends are in the live generation, so that the draining ones need not be searched.
  const missing = new Set(backends.filter((backend) => !healthy.has(backend)));
  for (const generation of missing.size === 0 ? [] : draining.all()) {
    for (const group of generation.upstreams.values()) {
      for (const { backend, sound } of group.members) if (missing.has(backend)) healthy.set(backend, sound);
    }
  }
  return backends.map((backend) => backendReading(backend, healthy.get(backend) ?? true, ids));
}

/** All backends that a generation uses, with their upstreams; those of the live generation come first. */
export function backendDetails(generations: Iterable<UpstreamsInUse>, ids: ReadingIds): BackendDetails[] {
  return Array.from(membershipsIn(generations), ([backend, memberships]) => {
    const { hostName, connects } = backend;
    const healthy = memberships.every((membership) => membership.healthy);
    return {
      ...backendReading(backend, healthy, ids),
      hostName: hostName && hostNameReading(hostName),
      connects: { failing: connects.areFailing, sinceMs: connects.sinceMs, error: connects.error },
      memberships,
    };
  });
}

/** All pools of the backends that a generation uses. */
export function poolReadings(generations: Iterable<UpstreamsInUse>): PoolReading[] {
  const backends = new Set<BackendState>();
  for (const { upstreams } of generations) {
    for (const { members } of upstreams) for (const { backend } of members) backends.add(backend);
  }
  return [...backends].flatMap(({ name, address, pools }) =>
    [...pools].map(({ use, leased, idle, waiting, settings, idleRange }) => ({
      backend: name,
      address,
      use,
      leased,
      idle,
      waiting,
      maxSize: settings.maxSize,
      minIdle: settings.minIdle,
      maxIdle: settings.maxIdle,
      maxIdleTimeMs: settings.maxIdleTimeMs,
      leastIdle: idleRange.leastIdle,
      mostIdle: idleRange.mostIdle,
    })),
  );
}

/** What an operator, passive checks and the breaker say of a member. */
function partsOf({ standing, ejection, breaker }: Member): MembershipParts {
  const { hand } = standing;
  return {
    byHand: hand,
    ejection: ejection && {
      isOut: ejection.isOut,
      changedAtMs: ejection.changedAtMs,
      leftMs: ejection.leftMs,
      count: ejection.count,
      total: ejection.total,
      reason: ejection.reason,
    },
    breaker: breaker && {
      state: breaker.state,
      changedAtMs: breaker.changedAtMs,
      reason: breaker.reason,
      opened: breaker.opened,
    },
  };
}

/** A backend that the live generation uses is not shown as a member of older generations too. */
function membershipsIn(
  generations: Iterable<UpstreamsInUse>,
): ReadonlyMap<BackendState, readonly MembershipReading[]> {
  const memberships = new Map<BackendState, MembershipReading[]>();
  for (const { live, upstreams } of generations) {
    for (const group of upstreams) {
      for (const member of group.members) {
        const { backend, weight, maxConnections, requests, sound, health } = member;
        const known = memberships.get(backend) ?? [];
        memberships.set(backend, known);
        if (!live && known.length > 0) continue;
        known.push({
          upstream: group.name,
          weight,
          effectiveWeight: member.effectiveWeight,
          ramp: member.ramp,
          memberSinceMs: member.standing.sinceMs,
          panics: member.panics && !sound,
          maxConnections,
          requests: requests && {
            running: requests.running,
            max: requests.max,
            adaptive: requests.adaptive?.limit,
          },
          healthy: sound,
          state: member.state,
          ...partsOf(member),
          changedAtMs: health?.changedAtMs,
          lastCheckAtMs: health?.lastCheckAtMs,
          lastError: health?.lastError,
          progress: health?.progress,
          agent: health?.agent,
          live,
          tls: backendTls(group, backend),
          proxyProtocol: group.config.proxy_protocol,
        });
      }
    }
  }
  return memberships;
}

function backendReading(backend: BackendState, healthy: boolean, ids: ReadingIds): BackendReading {
  const { traffic, passedOver, ejections } = backend;
  return {
    id: ids.of(backend),
    name: backend.name,
    address: backend.address,
    healthy,
    counts: {
      resends: backend.resends,
      connectFailures: backend.connectFailures,
      bytesReceived: traffic.bytesReceived,
      bytesSent: traffic.bytesSent,
      poolCreated: backend.created,
      poolReused: backend.reused,
      poolDiscarded: backend.discarded,
      poolTimeouts: backend.poolTimeouts,
      passedUnhealthy: passedOver.unhealthy,
      passedEjected: passedOver.ejected,
      passedCircuitOpen: passedOver.circuit_open,
      passedDraining: passedOver.draining,
      passedMaintenance: passedOver.maintenance,
      passedMaxConnections: passedOver.max_connections,
      passedMaxRequests: passedOver.max_requests,
      passedPoolFull: passedOver.pool_full,
      passedFailed: passedOver.failed,
      breakerOpens: backend.breakerOpens,
      ejectedByFailures: ejections.consecutive_failures,
      ejectedByErrorRate: ejections.error_rate,
      ejectedBySuccessRate: ejections.success_rate,
      ejectedByLatency: ejections.latency,
    },
    gauges: {
      connectionsActive: backend.sockets,
      requestsInFlight: backend.active,
      connectionsKept: backend.pinned,
      poolActive: backend.leased,
      poolIdle: backend.idle,
      poolMax: backend.poolSize,
      poolWaiting: backend.poolWaiting,
    },
  };
}
