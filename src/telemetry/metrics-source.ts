import type { Backend } from '../plugin-api/upstream.ts';

/** What the metrics read from the live proxy at each scrape. */
export interface MetricsSource {
  /** All backends of the live generation. Several of one name are shown as one, added up. */
  backends(): Iterable<BackendGauges>;
  reloads(): ReloadCounts;
  /** Tunnels of all listeners; without it there are no such metrics. */
  tunnels?(): TunnelCounts;
  /** Spans of the tracer; undefined while tracing is off. Without it there are no such metrics. */
  spans?(): SpanCounts | undefined;
  /** Log lines dropped because the output stalled. */
  droppedLogLines(): number;
}

export interface BackendGauges {
  readonly backend: Backend;
  /** True also when nobody checks. */
  readonly healthy: boolean;
  /** Open connections to it, idle ones included. */
  readonly connectionsActive: number;
  /** Exchanges and tunnels that hold a lease. */
  readonly requestsInFlight: number;
  /** Leased sockets of its pool. */
  readonly poolActive: number;
  readonly poolIdle: number;
  /** Since the pool was made. */
  readonly poolCreated: number;
  readonly poolReused: number;
}

export interface ReloadCounts {
  /** Since the start; the first load is no reload. */
  readonly succeeded: number;
  readonly failed: number;
  /** True also before the first reload. */
  readonly lastSucceeded: boolean;
  /** Number of the live generation. */
  readonly generation: number;
}

export interface TunnelCounts {
  readonly active: number;
  /** Since the start, those that run included. */
  readonly total: number;
}

export interface SpanCounts {
  /** Accepted by the collector. */
  readonly exported: number;
  /** Lost, because the collector was away or the queue full. */
  readonly dropped: number;
}
