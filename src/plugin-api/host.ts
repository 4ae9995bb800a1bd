import type { BalanceError } from '../errors.ts';
import type { Backend } from './backend.ts';
import type { HttpFilterPlugin } from './filter.ts';
import type { LogFields, Logger, LogSubject } from './logger.ts';
import type { ByteStream } from './transport.ts';
import type { TelemetrySink, TunnelEnd } from './telemetry.ts';
import type { SocketUse, Upstream } from './upstream.ts';

/** The services of the core for a protocol instance. */
export interface ProtocolHost {
  /**
   * A random id (UUID) of this proxy process: the same for all listeners and after each edit, a new one after each start. Never send it
   * to a peer in plain form.
   */
  readonly proxyId: string;
  /**
   * How many workers serve, each by itself with an instance of its own. Where a limit over all of them is not shared, each has its part of
   * it, rounded up.
   */
  readonly workers: number;
  /** Name of the listener. */
  readonly listener: string;
  /** The folder of the config file. Relative file names in options are relative to it. */
  readonly directory: string;
  /** Logs with the name of the listener. */
  readonly logger: Logger;
  /** Takes the records of exchanges and tunnels. */
  readonly telemetry: TelemetrySink;
  /** Name of the listener's own `upstream:`; undefined when it has none. */
  readonly defaultUpstream: string | undefined;
  /** Whether this thread has more work than it can do. A protocol then refuses new requests, but not those about the proxy itself. */
  readonly overload: OverloadView;
  /** Returns the present answer to `GET health_endpoint`. */
  readonly health: () => HealthReport;
  /**
   * The metrics, when this listener serves them (`metrics.listener`); undefined otherwise. The protocol answers requests for their path itself.
   * Only listeners in mode http serve metrics.
   */
  readonly metrics: OwnMetrics | undefined;
  /** The upstream of that name, with sockets for that use. Throws a BalanceError when the config has none. */
  upstream(name: string, use: SocketUse): Upstream;
  /**
   * The filter of that name, to be provisioned for this listener; undefined when there is none. Only for names that
   * `optionsRules.plugins` gives for the options of this listener.
   */
  filterPlugin(name: string): HttpFilterPlugin | undefined;
  /** Counts and logs an error that another plugin than the protocol itself threw, such as a filter. Many that are alike are logged once. */
  pluginFailed(plugin: string, message: string, error: unknown, fields: LogFields): void;
  /**
   * Joins two streams until both directions have ended. From now on both streams belong to the tunnel. Tunnels that are left when the
   * instance has closed are ended.
   */
  tunnel(options: TunnelOptions): void;
  /** Makes a timer that can be moved cheaply and often. `subject` gives the log fields if `expired` throws. */
  deadline(expired: () => void, subject?: LogSubject): Deadline;
}

/** Whether a thread is overloaded, as the section `overload` of the config defines it. */
export interface OverloadView {
  /** True while new requests are refused. */
  readonly refusesRequests: boolean;
  /** What a refused client is told: after how many milliseconds it may try again. */
  readonly retryAfterMs: number;
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

/** Numbers of bytes that were passed on before the tunnel began. */
export interface EarlyBytes {
  /** From the client to the backend. */
  readonly received: number;
  /** From the backend to the client. */
  readonly sent: number;
}

/** The two streams of a tunnel, and how it is run. */
export interface TunnelOptions {
  /** The client's side. */
  readonly downstream: ByteStream;
  /** The backend's side. */
  readonly upstream: ByteStream;
  /** The tunnel ends with `idle_timeout` when no byte has moved in either direction for so long. 0: never. */
  readonly idleTimeoutMs: number;
  /** The backend that `upstream` is connected to, for metrics. Default: not known. */
  readonly backend?: Backend | undefined;
  /** Bytes that were passed on before the tunnel began, for example with an Upgrade request. They count as the tunnel's. Default: none. */
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
 * One timer of one owner, made to be moved at each event. To move it to a later time costs only a clock reading: the underlying timer is
 * set again when it fires too early.
 */
export interface Deadline {
  /** Sets the timer to expire in `ms` milliseconds from now. Replaces an earlier setting. */
  set(ms: number): void;
  /** Stops the timer until it is set again. */
  clear(): void;
  /** Stops the timer and releases it. It must not be set again. */
  destroy(): void;
}
