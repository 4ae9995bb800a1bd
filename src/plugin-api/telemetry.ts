import type { ErrorCode } from '../errors.ts';
import type { FailedTry, TraceContext, Tracer, TunnelTrace } from './tracing.ts';
import type { Backend } from './backend.ts';
import type { TlsSession } from './transport.ts';
import type { StickyOutcome } from './upstream.ts';

/** Why a message was refused: the rule that it broke, and where. */
export interface MessageRefusal {
  /** The message: a `request` of the client, or a `response` of the backend. */
  readonly side: 'request' | 'response';
  /** Short name of the rule, which stays the same from version to version. A protocol must have few of them, because metrics count by it. */
  readonly rule: string;
  /** Name of the field that broke the rule; '' when it was none. */
  readonly field: string;
  /** The bytes that broke the rule, bounded, printable and without secrets; '' when there is nothing to show. */
  readonly excerpt: string;
}

/** One exchange of HTTP or of another request/response protocol. A protocol publishes it once, at the end of the exchange. */
export interface ExchangeRecord {
  /** Name of the listener. */
  readonly listener: string;
  /** When the first byte of the request arrived, in ms since 1970. */
  readonly startedAtMs: number;
  /** From the first byte of the request to the end of the exchange. */
  readonly durationMs: number;
  /** The client's address; behind trusted proxies, the address that they name. */
  readonly clientAddress: string;
  readonly method: string;
  /** The path as the client sent it, without the query. */
  readonly path: string;
  /** The query without its `?` and with secrets hidden; absent or '' where there is none. Only logs read it. */
  readonly query?: string | undefined;
  /** The host that the client asked for. */
  readonly host: string;
  /** False when the access log shows no line of it. Default: true. */
  readonly isLogged?: boolean;
  /** Name and version of the protocol, such as `HTTP/1.1`. */
  readonly protocol: string;
  /** The user agent as text: decoded from UTF-8, as is the Referer. */
  readonly userAgent: string;
  /** The Referer, without query, fragment and credentials. */
  readonly referer: string;
  /** How many requests the client's connection has begun, this one included; absent where it is not known. */
  readonly requestNumber?: number;
  /** What TLS agreed on with the client; absent or undefined when its connection was not encrypted. */
  readonly tls?: TlsSession | undefined;
  /** The id of the request, as `X-Request-ID` shows it. */
  readonly requestId: string;
  /** Id of the trace that the exchange belongs to; '' when there is none. */
  readonly traceId: string;
  /** Id of the exchange's own span; '' when there is none. */
  readonly spanId: string;
  /** The result of {@link Tracer.begin}, from which spans are made; undefined when tracing is off. */
  readonly trace: TraceContext | undefined;
  /** Name of the route; '' when no route matched. */
  readonly route: string;
  /** Name of the upstream; '' when the exchange reached none. */
  readonly upstream: string;
  /** Name of the balancing algorithm; '' when no backend was picked. */
  readonly algorithm: string;
  /** The backend that served the exchange, or the last one that was tried; undefined when none was picked. */
  readonly backend: Backend | undefined;
  /** The status that the client got; 0 when none reached it. */
  readonly status: number;
  /** Bytes of the request's body. */
  readonly bytesReceived: number;
  /** Bytes of the response's body that were sent to the client. */
  readonly bytesSent: number;
  /** The error that ended the exchange; undefined when there was none. */
  readonly error: ErrorCode | undefined;
  /** Why the request or the response was refused; absent when neither was. */
  readonly refusal?: MessageRefusal | undefined;
  /** The tries that failed before the one that {@link backend} served, in their order; absent or undefined when none did. */
  readonly failedTries?: readonly FailedTry[] | undefined;
  /** Why a failed request was not tried once more, although its failure is one for that; absent or undefined in all other cases. */
  readonly retriesExhausted?: RetriesExhausted | undefined;
  /** What became of the second try beside the first one; absent or undefined when none was due. */
  readonly hedgeResult?: HedgeResult | undefined;
  /** What became of a client that its upstream keeps at a backend; absent or undefined where it does not. */
  readonly stickiness?: StickyOutcome | undefined;
}

/**
 * What became of a second try that ran beside a first one: its answer `won`, or it `lost`, as the first try answered before, or the client
 * left. `failed`: no other backend was there for it, or it failed there. `budget`: there was none, as too many second tries ran.
 */
export type HedgeResult = 'won' | 'lost' | 'failed' | 'budget';

/** `attempts`: the request had all its tries. `budget`: too many requests of the upstream were tried again at that time. */
export type RetriesExhausted = 'attempts' | 'budget';

/** Who ended a tunnel: the side that stopped or broke off first, or the proxy itself (a timeout, or a drain that took too long). */
export type TunnelEnd = 'client' | 'backend' | 'proxy';

/** One tunnel (TCP connection, WebSocket). A protocol publishes it once, at the end of the tunnel. */
export interface TunnelRecord {
  /** Name of the listener. */
  readonly listener: string;
  /** Name of the protocol, such as `tcp` or `websocket`. */
  readonly protocol: string;
  /** When the tunnel began, in ms since 1970. */
  readonly startedAtMs: number;
  readonly durationMs: number;
  /** The client's address; behind trusted proxies, the address that they name. */
  readonly clientAddress: string;
  /** Name of the upstream; '' when there was none. */
  readonly upstream: string;
  /** The backend at the other end; undefined when none was picked. */
  readonly backend: Backend | undefined;
  /** As of {@link ExchangeRecord}. A tunnel that was an exchange before has none: its exchange said it. */
  readonly stickiness?: StickyOutcome | undefined;
  /** False when no connection to a backend could be made, so that there was no tunnel. Default: true. */
  readonly connected?: boolean;
  /** What TLS agreed on with the client; absent or undefined when its connection was not encrypted, or was passed through undecrypted. */
  readonly tls?: TlsSession | undefined;
  /** The host name that the client asked for, of a connection that was passed through undecrypted by that name; absent or undefined for others. */
  readonly sni?: string | undefined;
  /** The id of the request that became the tunnel, or an id of its own; '' when it has none. */
  readonly requestId: string;
  /** Id of the trace that the tunnel belongs to; '' when there is none. */
  readonly traceId: string;
  /** Id of the tunnel's own span; '' when there is none. */
  readonly spanId: string;
  /** The result of {@link Tracer.beginTunnel}; undefined when tracing was off. */
  readonly trace: TunnelTrace | undefined;
  /** Bytes from the client. */
  readonly bytesReceived: number;
  /** Bytes to the client. */
  readonly bytesSent: number;
  readonly endedBy: TunnelEnd;
  /** The error that ended the tunnel; undefined after an orderly end. */
  readonly error: ErrorCode | undefined;
}

/** What became of the copy of a request: the mirror `answered` it, it `failed` there, or it was `dropped` before, because it met a limit. */
export type MirrorResult = 'answered' | 'failed' | 'dropped';

/** The copy of one request for a mirror. A protocol publishes it once, when nothing more is to come of it. */
export interface MirrorRecord {
  /** Name of the mirror: an upstream. */
  readonly upstream: string;
  readonly result: MirrorResult;
  readonly method: string;
  /** The path, without the query. */
  readonly path: string;
  /** The backend that got the copy; undefined when none did. */
  readonly backend: Backend | undefined;
  /** The status of its answer; 0 when there was none. */
  readonly status: number;
  /** What went wrong; undefined when nothing did. */
  readonly error: ErrorCode | undefined;
  /** The trace of the request that was copied; undefined when it has none. */
  readonly trace: TraceContext | undefined;
  /** Id of the span that the backend was told; undefined when it was told none. */
  readonly spanId: string | undefined;
  /** When the copy was sent, or dropped, in ms since 1970. */
  readonly startedAtMs: number;
  readonly durationMs: number;
}

/** Takes the records of protocols. To publish a record costs one function call for each subscriber, never blocks and never throws. */
export interface TelemetrySink {
  /** False while no subscriber reads the descriptive fields of records (path, user agent …): leave them '' then. */
  readonly detailed: boolean;
  /** Begins traces; undefined while tracing is off. */
  readonly tracer: Tracer | undefined;
  /** Publishes the record of an exchange that is over. */
  exchange(record: ExchangeRecord): void;
  /** Publishes the record of a tunnel that is over. */
  tunnel(record: TunnelRecord): void;
  /** Publishes what became of the copy of a request. Default: nobody counts it. */
  mirrored?(record: MirrorRecord): void;
}
