import type {
  BackendCounts,
  BackendDetails,
  BackendsReading,
  BackendTlsReading,
  BreakerReading,
  ConnectsReading,
  ByHandReading,
  EjectionReading,
  MembershipReading,
  PoolReading,
  PoolsReading,
  RequestLimitReading,
  UpstreamDetails,
} from '../../../readings/upstreams/backend.ts';
import type { AgentSays } from '../../../readings/upstreams/health.ts';
import type { HostNameReading } from '../../../readings/upstreams/host-name.ts';
import type { RequestTotals } from '../../../readings/counts/telemetry.ts';
import {
  stateWord,
  type ClientTableReading,
  type MemberState,
} from '../../../readings/upstreams/upstream.ts';
import { jsonResponse } from '../../endpoint/admin-response.ts';
import { get, type AdminRoute } from '../../endpoint/admin-router.ts';
import { causeOf } from './member-cause.ts';

const BY_BADNESS: readonly MemberState[] = [
  'maintenance',
  'down',
  'open',
  'ejected',
  'draining',
  'half-open',
  'off',
  'unknown',
  'up',
];

/** The sources of these endpoints. */
export interface BackendSources {
  /** All backends that a generation uses, those of the live one first. */
  backends(): Promise<BackendsReading>;
  pools(): Promise<PoolsReading>;
}

/** Counts of requests. */
export interface CountedRequests {
  /**
   * Resolves with what gives the requests of the backends with that name; without a name, of requests that got no backend. undefined while
   * metrics are off.
   */
  totals(): Promise<(backend?: string) => RequestTotals | undefined>;
}

/** `GET /backends` and `GET /pools`. */
export function backendRoutes(sources: BackendSources, requests: CountedRequests): AdminRoute[] {
  return [
    get('/backends', async () => {
      const [{ backends, upstreams, unanswered }, totals] = await Promise.all([
        sources.backends(),
        requests.totals(),
      ]);
      return jsonResponse(200, {
        backends: backends.map((backend) => backendJson(backend, totals(backend.name))),
        upstreams: upstreams.map(upstreamJson),
        without_backend: { requests: requestsJson(totals()) },
        unanswered,
      });
    }),
    get('/pools', async () => {
      const { pools, unanswered } = await sources.pools();
      return jsonResponse(200, { pools: pools.map(poolJson), unanswered });
    }),
  ];
}

function backendJson(
  { name, address, hostName, connects, memberships, counts, gauges }: BackendDetails,
  requests: RequestTotals | undefined,
): object {
  const down = memberships.find(({ healthy }) => !healthy);
  const checked = memberships.flatMap(({ lastCheckAtMs }) =>
    lastCheckAtMs === undefined ? [] : [lastCheckAtMs],
  );
  const known = memberships.find((membership) => healthJson(membership) === true);
  const changed = down ?? memberships.find(({ changedAtMs }) => changedAtMs !== undefined);
  return {
    name,
    address,
    dns: hostNameJson(hostName),
    healthy: down !== undefined ? false : known === undefined ? null : true,
    state: stateWord(worstOf(memberships)),
    connects: { failing: connects.failing, since: timeJson(connects.sinceMs), error: connects.error ?? null },
    since: timeJson(changed?.changedAtMs),
    reason: (down ?? memberships.find(({ lastError }) => lastError !== undefined))?.lastError ?? null,
    last_check_at: timeJson(checked.length === 0 ? undefined : Math.max(...checked)),
    draining: !memberships.some(({ live }) => live),
    upstreams: memberships
      .filter(({ live }) => live)
      .map((membership) => membershipJson(membership, connects)),
    active: gauges.requestsInFlight,
    connections: { open: gauges.connectionsActive, leased: gauges.poolActive, idle: gauges.poolIdle },
    counters: countersJson(counts),
    requests: requestsJson(requests),
  };
}

function upstreamJson({ name, panics, clients }: UpstreamDetails): object {
  return {
    name,
    health_ignored: panics ?? null,
    clients: clients === undefined ? null : clientsJson(clients),
  };
}

function clientsJson({ size, used, forgotten }: ClientTableReading): object {
  return { used, max: size, forgotten_total: forgotten };
}

function countersJson(counts: BackendCounts): object {
  return {
    connections_created_total: counts.poolCreated,
    connections_reused_total: counts.poolReused,
    connections_discarded_total: counts.poolDiscarded,
    connect_failures_total: counts.connectFailures,
    pool_timeouts_total: counts.poolTimeouts,
    passed_over_total: passedOverIn(counts),
    resends_total: counts.resends,
    received_bytes_total: counts.bytesReceived,
    sent_bytes_total: counts.bytesSent,
  };
}

/** However it was passed over. */
function passedOverIn(counts: BackendCounts): number {
  const { passedUnhealthy, passedEjected, passedCircuitOpen, passedDraining, passedMaintenance } = counts;
  const byState = passedUnhealthy + passedEjected + passedCircuitOpen + passedDraining + passedMaintenance;
  const byLimit = counts.passedMaxConnections + counts.passedMaxRequests + counts.passedPoolFull;
  return byState + byLimit + counts.passedFailed;
}

function hostNameJson(hostName: HostNameReading | undefined): object | null {
  if (hostName === undefined) return null;
  const { name, addresses, source, answeredAtMs, ttlMs, failure, failingSinceMs, counts } = hostName;
  return {
    name,
    addresses,
    source: source ?? null,
    answered_at: timeJson(answeredAtMs),
    age_seconds: answeredAtMs === undefined ? null : Math.max(0, Date.now() - answeredAtMs) / 1_000,
    ttl_seconds: ttlMs === undefined ? null : ttlMs / 1_000,
    failing_since: timeJson(failingSinceMs),
    failure: failure ?? null,
    lookups: counts,
  };
}

function requestsJson(requests: RequestTotals | undefined): object | null {
  if (requests === undefined) return null;
  const { total, byStatus, byError } = requests;
  return { total, by_status: byStatus, errors: byError };
}

function timeJson(atMs: number | undefined): string | null {
  return atMs === undefined ? null : new Date(atMs).toISOString();
}

function membershipJson(membership: MembershipReading, connects: ConnectsReading): object {
  const { upstream, weight, effectiveWeight, maxConnections, state, tls, proxyProtocol } = membership;
  const { requests, byHand, ejection, breaker, agent } = membership;
  const limit = Number.isFinite(maxConnections) ? maxConnections : null;
  const { sinceMs, reason } = causeOf(membership, connects);
  return {
    name: upstream,
    weight,
    effective_weight: effectiveWeight,
    max_connections: limit,
    requests: requests === undefined ? null : requestsLimitJson(requests),
    healthy: healthJson(membership),
    state: stateWord(state),
    since: timeJson(sinceMs),
    reason: reason ?? null,
    health_ignored: membership.panics,
    check: checkJson(membership),
    agent: agent === undefined ? null : agentJson(agent),
    by_hand: byHand === undefined ? null : byHandJson(byHand),
    ejection: ejection === undefined ? null : ejectionJson(ejection),
    circuit_breaker: breaker === undefined ? null : breakerJson(breaker),
    tls: tls === undefined ? null : tlsJson(tls),
    proxy_protocol: proxyProtocol ?? null,
  };
}

/** What checks say, or the operator in their place; null while nobody knows. */
function healthJson({ healthy, lastCheckAtMs, byHand }: MembershipReading): boolean | null {
  const isKnown = lastCheckAtMs !== undefined || byHand?.state === 'healthy';
  return healthy && !isKnown ? null : healthy;
}

function requestsLimitJson({ running, max, adaptive }: RequestLimitReading): object {
  return { running, max: Number.isFinite(max) ? max : null, adaptive_limit: adaptive ?? null };
}

/** The last active check. `results_against` of `threshold` results in a row would change the state. */
function checkJson({ lastCheckAtMs, progress }: MembershipReading): object | null {
  if (progress === undefined) return null;
  return {
    at: timeJson(lastCheckAtMs),
    passed: progress.error === undefined,
    reason: progress.error ?? null,
    duration_seconds: progress.durationMs / 1_000,
    results_against: progress.against,
    threshold: progress.threshold,
  };
}

function agentJson({ admin, isDown, share, sinceMs, text, atMs, error }: AgentSays): object {
  return {
    state: admin,
    down: isDown,
    weight_percent: Math.round(share * 100),
    says: text ?? null,
    answered_at: timeJson(atMs),
    since: timeJson(sinceMs),
    error: error ?? null,
  };
}

/** The state in the upstream where it is furthest from serving requests. */
function worstOf(memberships: readonly MembershipReading[]): MemberState {
  const states = new Set(memberships.map(({ state }) => state));
  return BY_BADNESS.find((state) => states.has(state)) ?? 'unknown';
}

function byHandJson({ state, reason, sinceMs }: ByHandReading): object {
  return { state, reason: reason ?? null, since: timeJson(sinceMs) };
}

function ejectionJson({ isOut, changedAtMs, leftMs, count, total, reason }: EjectionReading): object {
  return {
    ejected: isOut,
    since: timeJson(changedAtMs),
    left_seconds: Math.ceil(leftMs / 1_000),
    in_a_row: count,
    total,
    reason: reason ?? null,
  };
}

function breakerJson({ state, changedAtMs, reason, opened }: BreakerReading): object {
  return { state, since: timeJson(changedAtMs), opened_total: opened, reason: reason ?? null };
}

function tlsJson({ serverName, sni, isVerified, clientCertificate }: BackendTlsReading): object {
  return {
    server_name: serverName,
    sni: sni ?? null,
    verify: isVerified,
    client_certificate: clientCertificate ?? null,
  };
}

function poolJson(pool: PoolReading): object {
  const { backend, address, use, leased, idle, waiting, maxSize, minIdle, maxIdle, maxIdleTimeMs } = pool;
  const { leastIdle, mostIdle } = pool;
  return {
    backend,
    address,
    use,
    leased,
    idle,
    waiting,
    max_size: maxSize === 0 ? null : maxSize,
    min_idle: minIdle,
    max_idle: maxIdle === 0 ? null : maxIdle,
    max_idle_time_ms: maxIdleTimeMs,
    min_idle_in_force: leastIdle,
    max_idle_in_force: Number.isFinite(mostIdle) ? mostIdle : null,
  };
}
