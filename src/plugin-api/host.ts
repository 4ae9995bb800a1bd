import type { BalanceError } from '../errors.ts';
import type { Backend } from './backend.ts';
import type { Logger, LogSubject } from './logger.ts';
import type { ByteStream } from './transport.ts';
import type { TelemetrySink, TunnelEnd } from './telemetry.ts';
import type { SocketUse, Upstream } from './upstream.ts';

/** What the core gives to a protocol instance. */
export interface ProtocolHost {
  /**
   * A random id (UUID) of this proxy: another one after each start, the same for all listeners and after each edit of the config. Show
   * it to no peer as it is.
   */
  readonly proxyId: string;
  /** Name of the listener. */
  readonly listener: string;
  /** The folder of the config file: what relative file names in options are relative to. */
  readonly directory: string;
  readonly logger: Logger;
  readonly telemetry: TelemetrySink;
  /** Name of the listener's own `upstream:`, if it has one. */
  readonly defaultUpstream: string | undefined;
  /** Text for `GET health_endpoint`: status 200 or 503 and its JSON body. */
  readonly health: () => HealthReport;
  /**
   * The metrics, when this listener serves them (`metrics.listener`); undefined otherwise. The protocol answers requests for their path itself.
   * Only listeners in mode http serve metrics.
   */
  readonly metrics: OwnMetrics | undefined;
  /** The upstream of that name, with sockets for that use. Throws a BalanceError when the config has none. */
  upstream(name: string, use: SocketUse): Upstream;
  /**
   * Joins two streams until both directions ended. Both streams belong to the tunnel from here on. A tunnel that is left when the
   * instance has closed is ended.
   */
  tunnel(options: TunnelOptions): void;
  /** A timer that can be moved cheaply and often. `subject`: whom it is about. */
  deadline(expired: () => void, subject?: LogSubject): Deadline;
}

/** The health of the proxy and its backends, as `GET health_endpoint` answers. */
export interface HealthReport {
  /** 200, or 503 when a backend is unhealthy. */
  readonly status: number;
  /** JSON on one line, with a line feed at its end. */
  readonly body: string;
}

/** The metrics on a listener's own port. */
export interface OwnMetrics {
  /** `metrics.path`. */
  readonly path: string;
  /** Addresses and networks that may read the metrics. */
  readonly allow: readonly string[];
  /** All metrics, in the format and coding that the client asks for. Rejects when they can't be made. */
  page(request: MetricsPageRequest): Promise<MetricsPage>;
}

/** The header fields of a request for metrics. */
export interface MetricsPageRequest {
  readonly accept?: string | undefined;
  readonly 'accept-encoding'?: string | undefined;
}

/** All metrics at one moment. */
export interface MetricsPage {
  readonly contentType: string;
  /** Further header fields by their names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** Bytes that were passed on before there was a tunnel. */
export interface EarlyBytes {
  /** From the client to the backend. */
  readonly received: number;
  /** From the backend to the client. */
  readonly sent: number;
}

/** The two streams of a tunnel, and how it is run. */
export interface TunnelOptions {
  readonly downstream: ByteStream;
  readonly upstream: ByteStream;
  /** Ends the tunnel when no byte moved in either direction for so long. 0: never. */
  readonly idleTimeoutMs: number;
  /** Whose socket `upstream` is, for metrics. */
  readonly backend?: Backend | undefined;
  /** Bytes that went on before, as they came with what led to the tunnel; counted as the tunnel's. Default: none. */
  readonly early?: EarlyBytes | undefined;
  /** Called once, when both streams are over. */
  readonly ended: (result: TunnelResult) => void;
}

/** What a tunnel carried, and how it ended. */
export interface TunnelResult {
  /** Bytes from the client. */
  readonly bytesReceived: number;
  /** Bytes to the client. */
  readonly bytesSent: number;
  readonly endedBy: TunnelEnd;
  /** Why the tunnel ended early; undefined after an orderly end. */
  readonly error: BalanceError | undefined;
}

/**
 * One timer of one owner, made to be moved at each event: moving it later costs a clock reading,
 * as the underlying timer is only re-armed when it fires early.
 */
export interface Deadline {
  /** Expires in `ms` from now, instead of whenever it was set to before. */
  set(ms: number): void;
  /** Will not expire until it is set again. */
  clear(): void;
  /** Gives the timer back; for good. */
  destroy(): void;
}
