import { jsonResponse } from '../endpoint/admin-response.ts';
import { get, type AdminRoute } from '../endpoint/admin-router.ts';

/** A backend in one of its upstreams. */
export interface MembershipReport {
  readonly upstream: string;
  readonly weight: number;
  /** Exchanges and tunnels at a time; Infinity: no limit. */
  readonly maxConnections: number;
  readonly healthy: boolean;
  /** Since when; undefined without health checks. */
  readonly changedAtMs: number | undefined;
  /** Undefined without health checks, and before the first one. */
  readonly lastCheckAtMs: number | undefined;
  /** Why the last check failed; undefined when it passed. */
  readonly lastError: string | undefined;
  /** False when it only finishes what it has, as no live upstream names it. */
  readonly live: boolean;
}

export interface PoolReport {
  readonly backend: string;
  readonly address: string;
  /** `keep-alive`: one exchange after the other; `once`: one connection. */
  readonly use: string;
  readonly leased: number;
  readonly idle: number;
  /** Who waits for a socket. */
  readonly waiting: number;
  /** 0: no limit. */
  readonly maxSize: number;
  readonly minIdle: number;
  /** 0: no limit. */
  readonly maxIdle: number;
  readonly maxIdleTimeMs: number;
}

export interface BackendReport {
  readonly name: string;
  readonly address: string;
  /** Undefined where the address is an IP address or a unix socket. */
  readonly hostName: HostNameReport | undefined;
  readonly upstreams: readonly MembershipReport[];
  /** Exchanges and tunnels that run now. */
  readonly active: number;
  /** Open sockets, leased and idle. */
  readonly sockets: number;
  readonly leased: number;
  readonly idle: number;
  /** Counted since the backend came; by names in snake_case. */
  readonly counters: Readonly<Record<string, number>>;
  /** Undefined while none are counted. */
  readonly requests: RequestsReport | undefined;
}

/** What is known of a host name. */
export interface HostNameReport {
  readonly name: string;
  /** Those in use. */
  readonly addresses: readonly string[];
  /** `local`: without a name server; undefined before the first answer. */
  readonly source: string | undefined;
  readonly answeredAtMs: number | undefined;
  readonly ttlMs: number | undefined;
  /** Why the last look-up brought nothing; undefined when it did. */
  readonly failure: string | undefined;
  readonly failingSinceMs: number | undefined;
  /** Look-ups by their results. */
  readonly counts: Readonly<Record<string, number>>;
}

/** Requests that were answered. */
export interface RequestsReport {
  readonly total: number;
  /** By `2xx`, `5xx` and the like; `none` where no status reached the client. */
  readonly byStatus: Readonly<Record<string, number>>;
  readonly byError: Readonly<Record<string, number>>;
}

export interface BackendsReport {
  readonly backends: readonly BackendReport[];
  /** Those that no backend was picked for. */
  readonly withoutBackend: RequestsReport | undefined;
}

/** `GET /backends` and `GET /pools`. */
export function backendRoutes(
  report: () => BackendsReport,
  pools: () => readonly PoolReport[],
): AdminRoute[] {
  return [
    get('/backends', () => {
      const { backends, withoutBackend } = report();
      return jsonResponse(200, {
        backends: backends.map(backendJson),
        without_backend: { requests: requestsJson(withoutBackend) },
      });
    }),
    get('/pools', () => jsonResponse(200, { pools: pools().map(poolJson) })),
  ];
}

function backendJson({
  name,
  address,
  hostName,
  upstreams,
  active,
  sockets,
  leased,
  idle,
  counters,
  requests,
}: BackendReport): object {
  const down = upstreams.find(({ healthy }) => !healthy);
  const checked = upstreams.flatMap(({ lastCheckAtMs }) =>
    lastCheckAtMs === undefined ? [] : [lastCheckAtMs],
  );
  return {
    name,
    address,
    dns: hostNameJson(hostName),
    healthy: down === undefined,
    since: timeJson((down ?? upstreams.find(({ changedAtMs }) => changedAtMs !== undefined))?.changedAtMs),
    reason: (down ?? upstreams.find(({ lastError }) => lastError !== undefined))?.lastError ?? null,
    last_check_at: timeJson(checked.length === 0 ? undefined : Math.max(...checked)),
    draining: !upstreams.some(({ live }) => live),
    upstreams: upstreams.filter(({ live }) => live).map(membershipJson),
    active,
    connections: { open: sockets, leased, idle },
    counters,
    requests: requestsJson(requests),
  };
}

function hostNameJson(report: HostNameReport | undefined): object | null {
  if (report === undefined) return null;
  const { name, addresses, source, answeredAtMs, ttlMs, failure, failingSinceMs, counts } = report;
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

function requestsJson(requests: RequestsReport | undefined): object | null {
  if (requests === undefined) return null;
  const { total, byStatus, byError } = requests;
  return { total, by_status: byStatus, errors: byError };
}

function timeJson(atMs: number | undefined): string | null {
  return atMs === undefined ? null : new Date(atMs).toISOString();
}

function membershipJson({ upstream, weight, maxConnections, healthy }: MembershipReport): object {
  const limit = Number.isFinite(maxConnections) ? maxConnections : null;
  return { name: upstream, weight, max_connections: limit, healthy };
}

function poolJson(pool: PoolReport): object {
  const { backend, address, use, leased, idle, waiting, maxSize, minIdle, maxIdle, maxIdleTimeMs } = pool;
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
  };
}
