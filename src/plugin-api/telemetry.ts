import type { ErrorCode } from '../errors.ts';
import type { TraceContext, Tracer, TunnelTrace } from './tracing.ts';
import type { Backend } from './backend.ts';

/** Why a message of a peer was refused: the rule that it broke, and where. */
export interface MessageRefusal {
  /** Whose message it was: a `request` of the client, or a `response` of the backend. */
  readonly side: 'request' | 'response';
  /** Short stable name of the rule. A protocol has few of them, because metrics count by it. */
  readonly rule: string;
  /** Name of the field that broke the rule; '' when it was none. */
  readonly field: string;
  /** The bytes that broke the rule, bounded, printable and without secrets; '' when there is nothing to show. */
  readonly excerpt: string;
}

/** One HTTP exchange, or one exchange of any request/response protocol; published once, at its end. */
export interface ExchangeRecord {
  /** Name of the listener. */
  readonly listener: string;
  /** Wall clock at the request's first byte, ms since 1970. */
  readonly startedAtMs: number;
  readonly durationMs: number;
  readonly clientAddress: string;
  readonly method: string;
  /** Path without query, as the client sent it. */
  readonly path: string;
  /** The query without its `?` and with secrets hidden; absent or '' where there is none. Read only where a log shows it. */
  readonly query?: string | undefined;
  readonly host: string;
  /** `HTTP/1.1`. */
  readonly protocol: string;
  /** As text, not as bytes: UTF-8 is decoded. So is it with the Referer. */
  readonly userAgent: string;
  /** The Referer, without query, fragment and credentials. */
  readonly referer: string;
  readonly requestId: string;
  /** The trace that the exchange belongs to, or ''. */
  readonly traceId: string;
  readonly spanId: string;
  /** What the tracer needs to make spans; undefined when tracing is off. */
  readonly trace: TraceContext | undefined;
  /** Name of the route, or ''. */
  readonly route: string;
  /** Name of the upstream, or ''. */
  readonly upstream: string;
  /** The balancer's name, or ''. */
  readonly algorithm: string;
  readonly backend: Backend | undefined;
  /** 0 when no status reached the client. */
  readonly status: number;
  /** Body bytes from the client. */
  readonly bytesReceived: number;
  /** Body bytes to the client. */
  readonly bytesSent: number;
  /** What went wrong, or undefined. */
  readonly error: ErrorCode | undefined;
  /** Why the request or its response was refused; absent when neither was. */
  readonly refusal?: MessageRefusal | undefined;
}

/** Who ended a tunnel: the side that stopped or broke off first, or the proxy itself (a timeout, or a drain that took too long). */
export type TunnelEnd = 'client' | 'backend' | 'proxy';

/** One tunnel (TCP connection, WebSocket), published at its end. */
export interface TunnelRecord {
  readonly listener: string;
  readonly protocol: string;
  readonly startedAtMs: number;
  readonly durationMs: number;
  readonly clientAddress: string;
  readonly upstream: string;
  readonly backend: Backend | undefined;
  /** False where the client got no connection to the backend: there was no tunnel, only one that was asked for. Default: true. */
  readonly connected?: boolean;
  /** Of the request that became the tunnel, or one of its own; '' when it has none. */
  readonly requestId: string;
  /** The trace that the tunnel belongs to, or ''. */
  readonly traceId: string;
  /** The tunnel's own span, or ''. */
  readonly spanId: string;
  /** What {@link Tracer.beginTunnel} gave; undefined when tracing was off. */
  readonly trace: TunnelTrace | undefined;
  readonly bytesReceived: number;
  readonly bytesSent: number;
  readonly endedBy: TunnelEnd;
  readonly error: ErrorCode | undefined;
}

/** Where protocols report to. Publishing costs a function call a subscriber; nothing here blocks or throws. */
export interface TelemetrySink {
  /** False when nobody reads the descriptive fields (path, user agent …) of a record: leave them ''. */
  readonly detailed: boolean;
  /** Begins traces; undefined when tracing is off. */
  readonly tracer: Tracer | undefined;
  exchange(record: ExchangeRecord): void;
  tunnel(record: TunnelRecord): void;
}
