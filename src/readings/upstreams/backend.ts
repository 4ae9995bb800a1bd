import type { Counted } from '../counts/counted.ts';
import type { AgentSays, CheckProgress } from './health.ts';
import type { HostNameReading } from './host-name.ts';
import type { BreakerState, ClientTableReading, MemberState } from './upstream.ts';

/** A backend of the live generation or of one that drains. */
export interface BackendReading extends Counted<BackendCounts, BackendGauges> {
  readonly address: string;
  /** False when a health check says that the backend is down; true also when there are no checks. */
  readonly healthy: boolean;
}

/** Counts of a backend since it was made. */
export interface BackendCounts {
  /** Requests that were sent once more, on a new socket, because an idle one died under them. */
  readonly resends: number;
  /** Connections that could not be made, or not in time. */
  readonly connectFailures: number;
  readonly bytesReceived: number;
  readonly bytesSent: number;
  /** Sockets that its pools connected. */
  readonly poolCreated: number;
  /** Times that a socket of its pools was used again. */
  readonly poolReused: number;
  /** Sockets that its pools threw away. */
  readonly poolDiscarded: number;
  /** Requests that waited for a socket of its pools until `acquire_timeout`. */
  readonly poolTimeouts: number;
  /** The balancer looked at the backend and passed it over, because … it was unhealthy. */
  readonly passedUnhealthy: number;
  /** … it was ejected. */
  readonly passedEjected: number;
  /** … its circuit breaker was open, or half-open and busy. */
  readonly passedCircuitOpen: number;
  /** … an operator had set it to drain. */
  readonly passedDraining: number;
  /** … an operator had set it to maintenance. */
  readonly passedMaintenance: number;
  /** … it was at `max_connections`. */
  readonly passedMaxConnections: number;
  /** … it had all the requests that `max_requests` or `adaptive_concurrency` allow. */
  readonly passedMaxRequests: number;
  /** … its pool was full. */
  readonly passedPoolFull: number;
  /** … it could not be connected to. */
  readonly passedFailed: number;
  /** Its circuit breaker opened in an upstream. */
  readonly breakerOpens: number;
  /** It was ejected from an upstream, because of … failures in a row. */
  readonly ejectedByFailures: number;
  /** … too many failures in a window. */
  readonly ejectedByErrorRate: number;
  /** … fewer successes than the others. */
  readonly ejectedBySuccessRate: number;
  readonly ejectedByLatency: number;
}

/** Numbers of a backend at this moment. */
export interface BackendGauges {
  /** Open connections to the backend, idle ones included. */
  readonly connectionsActive: number;
  /** Exchanges and tunnels that hold a lease. */
  readonly requestsInFlight: number;
  /** Connections that belong to one client each, because of NTLM or Negotiate. */
  readonly connectionsKept: number;
  /** Leased sockets of its pools. */
  readonly poolActive: number;
  /** Idle sockets of its pools. */
  readonly poolIdle: number;
  /** The most sockets that its pools may hold; 0: no limit. */
  readonly poolMax: number;
  /** Requests that wait for a socket of its pools. */
  readonly poolWaiting: number;
}

/** A backend with what only the admin server shows. */
export interface BackendDetails extends BackendReading {
  /** undefined where the address is an IP address or a unix socket. */
  readonly hostName: HostNameReading | undefined;
  readonly connects: ConnectsReading;
  /** The upstreams that the backend belongs to. */
  readonly memberships: readonly MembershipReading[];
}

/** How connects to a backend go. */
export interface ConnectsReading {
  /** Whether the last one failed. */
  readonly failing: boolean;
  /** Since when, in ms since 1970; undefined while they work. */
  readonly sinceMs: number | undefined;
  /** Why the last one failed; undefined while they work. */
  readonly error: string | undefined;
}

/** All backends that a generation uses. */
export interface BackendsReading {
  /** Those of the live generation first. */
  readonly backends: readonly BackendDetails[];
  /** Those of the live generation. */
  readonly upstreams: readonly UpstreamDetails[];
  /** Numbers of the workers that did not answer in time: what they would have said is missing. */
  readonly unanswered: readonly number[];
}

/** What is known of an upstream as a whole. */
export interface UpstreamDetails {
  readonly name: string;
  /** Whether health is ignored, as too few backends are healthy; undefined where that never happens. */
  readonly panics: boolean | undefined;
  /** The table that remembers where its clients belong; undefined without one. All workers share it. */
  readonly clients: ClientTableReading | undefined;
}

/** What keeps a backend from its requests in one upstream, beside its active checks. */
export interface MembershipParts {
  /** What an operator has set it to; undefined: nothing. */
  readonly byHand: ByHandReading | undefined;
  /** undefined without passive checks. */
  readonly ejection: EjectionReading | undefined;
  /** undefined without a circuit breaker. */
  readonly breaker: BreakerReading | undefined;
}

/** What an operator has set a backend to. */
export interface ByHandReading {
  readonly state: 'healthy' | 'unhealthy' | 'draining' | 'maintenance';
  readonly reason: string | undefined;
  /** ms since 1970. */
  readonly sinceMs: number;
}

/** Whether passive checks have ejected a backend. */
export interface EjectionReading {
  readonly isOut: boolean;
  /** When it was ejected, or came back, in ms since 1970; undefined when it never was. */
  readonly changedAtMs: number | undefined;
  /** How long the ejection still lasts; 0 when there is none. */
  readonly leftMs: number;
  /** Ejections in a row. */
  readonly count: number;
  /** Ejections since the backend is watched. */
  readonly total: number;
  readonly reason: string | undefined;
}

/** The circuit breaker of a backend. */
export interface BreakerReading {
  readonly state: BreakerState;
  /** When the state changed last, in ms since 1970; undefined when it never did. */
  readonly changedAtMs: number | undefined;
  readonly reason: string | undefined;
  /** How often it opened. */
  readonly opened: number;
}

/** A backend in one of its upstreams. */
export interface MembershipReading extends MembershipParts {
  /** Name of the upstream. */
  readonly upstream: string;
  readonly weight: number;
  /** The weight that counts now: less during a slow start, after its circuit breaker was open, or as its agent says. */
  readonly effectiveWeight: number;
  /** The part of its weight that its slow start lets it have: above 0, to 1. */
  readonly ramp: number;
  /** Since when it belongs to the upstream, or its weight is 0 if it is, in ms since 1970. */
  readonly memberSinceMs: number;
  /** Whether its health is ignored, because its upstream panics. */
  readonly panics: boolean;
  /** Exchanges and tunnels that may run at a time; Infinity: no limit. */
  readonly maxConnections: number;
  /** How many requests it may work on at a time; undefined: no limit. */
  readonly requests: RequestLimitReading | undefined;
  readonly healthy: boolean;
  readonly state: MemberState;
  /** When the health last changed; undefined without health checks. */
  readonly changedAtMs: number | undefined;
  /** When the last check ended; undefined without health checks, and before the first one. */
  readonly lastCheckAtMs: number | undefined;
  /** Why the last check failed; undefined when it passed. */
  readonly lastError: string | undefined;
  /** Undefined without active checks, and before the first one. */
  readonly progress: CheckProgress | undefined;
  /** What its agent says; undefined without one. */
  readonly agent: AgentSays | undefined;
  /** False when no upstream of the live generation names the backend, so that it only finishes what runs. */
  readonly live: boolean;
  /** How TLS is spoken to it; undefined when it is not. */
  readonly tls: BackendTlsReading | undefined;
  /** The version of the PROXY header that connections to it begin with; undefined: none. */
  readonly proxyProtocol: 'v1' | 'v2' | undefined;
}

/** How many requests of an upstream a backend may work on at a time. */
export interface RequestLimitReading {
  /** Those that run. */
  readonly running: number;
  /** `max_requests`; infinite without it. */
  readonly max: number;
  /** The limit that `adaptive_concurrency` has found; undefined without it. */
  readonly adaptive: number | undefined;
}

/** How an upstream speaks TLS to a backend. */
export interface BackendTlsReading {
  /** The host name or IP address that the backend's certificate must have. */
  readonly serverName: string;
  /** The name that is sent as SNI; undefined for an IP address. */
  readonly sni: string | undefined;
  /** False with `insecure_skip_verify`: any certificate is taken. */
  readonly isVerified: boolean;
  /** The subject of the certificate that the proxy shows, as in `CN=proxy,O=Example`; undefined: it shows none. */
  readonly clientCertificate: string | undefined;
}

/** The pools of all backends that a generation uses. */
export interface PoolsReading {
  readonly pools: readonly PoolReading[];
  /** Numbers of the workers that did not answer in time: what they would have said is missing. */
  readonly unanswered: readonly number[];
}

/** A pool of sockets to one backend. */
export interface PoolReading {
  /** Name of the backend. */
  readonly backend: string;
  readonly address: string;
  /** `keep-alive`: a socket serves one exchange after the other; `once`: it serves one connection. */
  readonly use: string;
  readonly leased: number;
  readonly idle: number;
  /** Requests that wait for a socket. */
  readonly waiting: number;
  /** 0: no limit. */
  readonly maxSize: number;
  readonly minIdle: number;
  /** 0: no limit. */
  readonly maxIdle: number;
  readonly maxIdleTimeMs: number;
  /** How many idle sockets are kept connected: each worker keeps its part of `minIdle`, rounded up, and all together no more than `maxSize`. */
  readonly leastIdle: number;
  /** How many idle sockets may rest in all workers together; infinite where nothing limits them. */
  readonly mostIdle: number;
}
