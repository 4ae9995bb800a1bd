import type { KnownRoutes } from '../counters/route-counters.ts';

/** What the metrics read from the live proxy at each scrape. */
export interface MetricsSource {
  /** Of the proxy. */
  readonly version: string;
  /** ms since 1970. */
  readonly startedAtMs: number;
  /** All backends of the live generation and of those that drain. Several of one name are shown as one, added up. */
  backends(): Iterable<BackendReading>;
  /** Those that are bound and those that drain. Several of one name are shown as one, added up. */
  listeners(): Iterable<ListenerReading>;
  /** Of the live generation and of those that drain. Several of one name are shown as one, added up. */
  queues(): Iterable<QueueReading>;
  /** The upstreams of the live generation. */
  upstreams(): Iterable<UpstreamReading>;
  /** The routes of the live config by listener, `default` among them where it has an upstream of its own. */
  routes(): KnownRoutes;
  /** One for each listener and backend that have or had tunnels. */
  tunnels(): Iterable<TunnelReading>;
  /** Host names that are looked up. */
  names(): Iterable<NameReading>;
  reloads(): ReloadReading;
  /** The live generation and those that drain, newest first. */
  generations(): Iterable<GenerationReading>;
  /** What became of spans since the start. */
  spans(): SpanCounts;
  /** What could not be done for want of resources of our own, by the kind of work. */
  shortages(): Readonly<Record<string, number>>;
  /** Open files at most; undefined where it is not known. */
  openFilesLimit(): number | undefined;
  /** Log lines dropped because the output stalled. */
  droppedLogLines(): number;
  /** Exceptions of each protocol plugin that is loaded or ever failed. */
  pluginFailures(): Iterable<readonly [plugin: string, count: number]>;
  /** Calls of telemetry subscribers that threw. */
  telemetryFailures(): number;
}

/** An object of numbers. */
export type Amounts<T> = Readonly<Record<keyof T, number>>;

/** Something with counts of its own, which are all there is of them: when it goes, they go. */
export interface Reading<Counts extends Amounts<Counts>, Gauges extends Amounts<Gauges>> {
  /** Tells it from others of the same name. */
  readonly owner: object;
  readonly name: string;
  /** These only grow. */
  readonly counts: Counts;
  readonly gauges: Gauges;
}

export interface BackendReading extends Reading<BackendCounts, BackendGauges> {
  /** True also when nobody checks. */
  readonly healthy: boolean;
}

/** Counts of a backend since it was made. */
export interface BackendCounts {
  readonly resends: number;
  readonly connectFailures: number;
  readonly bytesReceived: number;
  readonly bytesSent: number;
  readonly poolCreated: number;
  readonly poolReused: number;
  readonly poolDiscarded: number;
  readonly poolTimeouts: number;
  readonly passedUnhealthy: number;
  readonly passedMaxConnections: number;
  readonly passedPoolFull: number;
  readonly passedFailed: number;
}

export interface BackendGauges {
  /** Open connections to it, idle ones included. */
  readonly connectionsActive: number;
  /** Exchanges and tunnels that hold a lease. */
  readonly requestsInFlight: number;
  /** Connections among those that belong to one client, by what it authenticated with. */
  readonly connectionsKept: number;
  /** Leased sockets of its pools. */
  readonly poolActive: number;
  readonly poolIdle: number;
  readonly poolMax: number;
  /** Those who wait for a socket of its pools. */
  readonly poolWaiting: number;
}

export type ListenerReading = Reading<ListenerCounts, ListenerGauges>;

export interface ListenerCounts {
  readonly accepted: number;
  /** Because of `max_connections`. */
  readonly refused: number;
  /** Because resources of our own ran short. */
  readonly shed: number;
  readonly bytesReceived: number;
  readonly bytesSent: number;
}

export interface ListenerGauges {
  readonly connectionsActive: number;
}

/**
 * Whether a backend may serve an upstream: `up` and `down` say health checks, `unchecked` that there are none, or that the first
 * has not ended, and `off` that its weight is 0, whatever its health.
 */
export type MemberState = 'up' | 'down' | 'unchecked' | 'off';

export interface UpstreamReading {
  /** Name of the upstream. */
  readonly upstream: string;
  /** Whether it serves requests, and not only tunnels. */
  readonly servesRequests: boolean;
  readonly members: Iterable<{
    /** Name of the backend. */
    readonly backend: string;
    readonly weight: number;
    readonly state: MemberState;
  }>;
}

export interface QueueReading {
  /** Name of the upstream. */
  readonly upstream: string;
  readonly waiting: number;
}

export interface TunnelReading {
  readonly listener: string;
  /** Its name; undefined when the protocol did not say. */
  readonly backend: string | undefined;
  readonly active: number;
  /** Since the start, those that run included. */
  readonly total: number;
  readonly bytesReceived: number;
  readonly bytesSent: number;
}

/** A host name and the outcomes of its look-ups. */
export interface NameReading {
  readonly name: string;
  /** How many addresses are in use. */
  readonly addresses: number;
  /** When an answer came last, ms since 1970; undefined before the first one, and where none was asked for. */
  readonly answeredAtMs: number | undefined;
  /** Whether the last look-up brought nothing. */
  readonly isFailing: boolean;
  /** Look-ups that brought addresses. */
  readonly found: number;
  /** Look-ups after which the name does not exist, or has no address. */
  readonly absent: number;
  /** Look-ups without an answer that counts. */
  readonly failed: number;
}

export interface ReloadReading {
  /** Reloads since the start; the start is none. */
  readonly counts: Iterable<{ readonly source: string; readonly succeeded: number; readonly failed: number }>;
  /** True also before the first reload. */
  readonly lastSucceeded: boolean;
  /** ms since 1970; undefined before the first config is live. */
  readonly lastSuccessAtMs: number | undefined;
  /** Of the last reload, or of the start. */
  readonly lastDurationMs: number | undefined;
}

export interface GenerationReading {
  readonly id: number;
  readonly isLive: boolean;
  /** Connections with an exchange or a tunnel of it. */
  readonly connections: number;
}

export interface SpanCounts {
  /** Accepted by the collector. */
  readonly exported: number;
  /** Lost: the collector was away, the queue was full, or tracing was turned off. */
  readonly dropped: number;
}
