import type { ErrorCode } from '../errors.ts';
import type { Backend } from './backend.ts';

/** The header fields of a request, which may carry a trace. */
export interface TraceCarrier {
  /**
   * Returns the value of the field of that name (in lower case), without white space around it. Returns undefined when there is no such field,
   * or more than one, because they may contradict each other (W3C Trace Context, section 3.2).
   */
  soleValueOf(lowerName: string): string | undefined;
}

/** Which trace fields the proxy writes: those of the client must not be passed on beside them. */
export interface TraceFields {
  /** traceparent and tracestate. */
  readonly w3c: boolean;
  /** b3 and X-B3-*. */
  readonly b3: boolean;
  /** uber-trace-id. */
  readonly jaeger: boolean;
}

/** Begins the traces of exchanges and tunnels, and decides which are sampled. */
export interface Tracer {
  /**
   * Continues the trace that the request carries, or begins a new one when it carries none or an invalid one. The caller's decision whether to
   * sample is kept; where there is none, `sample_rate` decides.
   */
  begin(request: TraceCarrier): TraceContext;
  /**
   * Gives a tunnel a span of its own: below the exchange that became the tunnel, or, where there was no exchange, in a trace of its own.
   */
  beginTunnel(exchange?: TraceContext): TunnelTrace;
}

/** The trace context of an exchange. */
export interface TraceContext {
  /** True when spans are recorded; {@link phases} must be filled in then. */
  readonly sampled: boolean;
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** Id of the exchange's own span, 16 hexadecimal digits. */
  readonly spanId: string;
  /** Field lines for the backend of the present try, each with a CRLF before it. They carry the span of that try. */
  readonly lines: string;
  readonly fields: TraceFields;
  /** False when the request had no valid `traceparent`; its `tracestate` must not be passed on then. */
  readonly continued: boolean;
  /** The times of the exchange, to be filled in; undefined when the exchange is not sampled. */
  readonly phases: TracePhases | undefined;
  /** Id of the span of the present try, which {@link lines} carry to the backend; 16 hexadecimal digits. */
  readonly trySpanId: string;
  /** Begins another try, which gets a span of its own: {@link lines} carry that one from now on. */
  nextTry(): void;
  /** Goes back to a try that began before, of which that is the span: for tries that run at the same time. */
  resumeTry(spanId: string): void;
}

/** The trace context of a tunnel. */
export interface TunnelTrace {
  /** True when its span is recorded. */
  readonly sampled: boolean;
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** Id of the tunnel's own span, 16 hexadecimal digits. */
  readonly spanId: string;
  /** Id of the span of the exchange that became the tunnel; '' when there was none. */
  readonly parentSpanId: string;
}

/** The times of a sampled exchange, in ms after `ExchangeRecord.startedAtMs`. -1 means that the event did not happen. */
export interface TracePhases {
  /** `Upstream.acquire` was called. With several tries, these are the times of the last one. */
  selectStartMs: number;
  /** `acquire` answered: the lease was given or refused. */
  selectEndMs: number;
  /** The head of the request was written to the backend. */
  backendStartMs: number;
  /** The head of the response was complete. */
  responseHeadMs: number;
  /** The head of the response, with the config's changes, was written to the client. */
  headSentMs: number;
  /** The response of the backend ended, or the try failed. */
  backendEndMs: number;
  /** The path that the backend got, without the query; '' when it is the path of the record. */
  upstreamPath: string;
  /** Whether the backends are spoken to over TLS. Default: false. */
  upstreamSecure?: boolean;
}

/** A try on a backend that failed: another one followed, or there was no other backend. */
export interface FailedTry {
  readonly backend: Backend;
  /** In ms after `ExchangeRecord.startedAtMs`, as is `endMs`. Exact where the exchange is sampled. */
  readonly startMs: number;
  readonly endMs: number;
  /** What went wrong; undefined when the response was given up for its {@link status}. */
  readonly error: ErrorCode | undefined;
  /** The status of the response that was given up; 0 when there was none. */
  readonly status: number;
  /** Whether the settings for retries made another try of it. Otherwise only another backend was chosen, as always when connecting fails. */
  readonly retried: boolean;
  /** True for a try that was cancelled because another one that ran beside it was faster: it has not failed. Default: false. */
  readonly isOutrun?: boolean;
  /** Id of the span that the backend was told; absent when nothing was sent to the backend. */
  readonly spanId?: string;
}
