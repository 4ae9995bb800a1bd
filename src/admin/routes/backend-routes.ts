import type {
  BackendCounts,
  BackendDetails,
  BackendsReading,
  BackendTlsReading,
  MembershipReading,
  PoolReading,
  PoolsReading,
} from '../../readings/backend.ts';
import type { HostNameReading } from '../../readings/host-name.ts';
import type { RequestTotals } from '../../readings/counts/telemetry.ts';
import { jsonResponse } from '../endpoint/admin-response.ts';
import { get, type AdminRoute } from '../endpoint/admin-router.ts';

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
      const [{ backends, unanswered }, totals] = await Promise.all([sources.backends(), requests.totals()]);
      return jsonResponse(200, {
        backends: backends.map((backend) => backendJson(backend, totals(backend.name))),
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
  { name, address, hostName, memberships, counts, gauges }: BackendDetails,
  requests: RequestTotals | undefined,
): object {
  const down = memberships.find(({ healthy }) => !healthy);
  const checked = memberships.flatMap(({ lastCheckAtMs }) =>
    lastCheckAtMs === undefined ? [] : [lastCheckAtMs],
  );
  const changed = down ?? memberships.find(({ changedAtMs }) => changedAtMs !== undefined);
  return {
    name,
    address,
    dns: hostNameJson(hostName),
    healthy: down === undefined,
    since: timeJson(changed?.changedAtMs),
    reason: (down ?? memberships.find(({ lastError }) => lastError !== undefined))?.lastError ?? null,
    last_check_at: timeJson(checked.length === 0 ? undefined : Math.max(...checked)),
    draining: !memberships.some(({ live }) => live),
    upstreams: memberships.filter(({ live }) => live).map(membershipJson),
    active: gauges.requestsInFlight,
    connections: { open: gauges.connectionsActive, leased: gauges.poolActive, idle: gauges.poolIdle },
    counters: countersJson(counts),
    requests: requestsJson(requests),
  };
}

function countersJson(counts: BackendCounts): object {
  const { passedUnhealthy, passedMaxConnections, passedPoolFull, passedFailed } = counts;
  return {
    connections_created_total: counts.poolCreated,
    connections_reused_total: counts.poolReused,
    connections_discarded_total: counts.poolDiscarded,
    connect_failures_total: counts.connectFailures,
    pool_timeouts_total: counts.poolTimeouts,
    passed_over_total: passedUnhealthy + passedMaxConnections + passedPoolFull + passedFailed,
    resends_total: counts.resends,
    received_bytes_total: counts.bytesReceived,
    sent_bytes_total: counts.bytesSent,
  };
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

function membershipJson(membership: MembershipReading): object {
  const { upstream, weight, maxConnections, healthy, tls, proxyProtocol } = membership;
  const limit = Number.isFinite(maxConnections) ? maxConnections : null;
  return {
    name: upstream,
    weight,
    max_connections: limit,
    healthy,
    tls: tls === undefined ? null : tlsJson(tls),
    proxy_protocol: proxyProtocol ?? null,
  };
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
