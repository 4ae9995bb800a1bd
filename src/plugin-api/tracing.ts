import type { ErrorCode } from '../errors.ts';
import type { Backend } from './backend.ts';

/** The fields of a request, of which some say what trace it belongs to. */
export interface TraceCarrier {
  /**
   * The value of the field of that name (lower case), without white space around it; undefined when there is none, or several, as
   * they may say different things (W3C Trace Context, section 3.2).
   */
  soleValueOf(lowerName: string): string | undefined;
}

/** Which fields are ours to write, in place of the client's. */
export interface TraceFields {
  /** traceparent and tracestate. */
  readonly w3c: boolean;
  /** b3 and X-B3-*. */
  readonly b3: boolean;
  /** uber-trace-id. */
  readonly jaeger: boolean;
}

/** Decides for each exchange whether it is traced, before it costs anything. */
export interface Tracer {
  /**
   * Continues the trace that the request names, or begins one when it names none or none that can be understood. Whether it
   * is sampled was decided upstream of us, or else is by `sample_rate`.
   */
  begin(request: TraceCarrier): TraceContext;
  /**
   * Gives a tunnel its own span: below the exchange that became it, or, for a connection that no request came before, in a trace of its
   * own.
   */
  beginTunnel(exchange?: TraceContext): TunnelTrace;
}

/** An exchange's place in its trace. */
export interface TraceContext {
  /** True when spans are recorded: then {@link phases} is there to be filled in. */
  readonly sampled: boolean;
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** The exchange's own span, 16 hexadecimal digits. */
  readonly spanId: string;
  /** Field lines for the backend of the try that runs, each with a CRLF in front: they name the span of that try. */
  readonly lines: string;
  readonly fields: TraceFields;
  /** False when the request's `traceparent` did not count; its `tracestate` must then not be passed on. */
  readonly continued: boolean;
  readonly phases: TracePhases | undefined;
  /** The span that {@link lines} name to the backend, 16 hexadecimal digits: that of the try that runs. */
  readonly trySpanId: string;
  /** The request goes to a backend once more: from now on {@link lines} name a span of its own. */
  nextTry(): void;
}

/** A tunnel's place in its trace. */
export interface TunnelTrace {
  /** True when its span is recorded. */
  readonly sampled: boolean;
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** The tunnel's own span, 16 hexadecimal digits. */
  readonly spanId: string;
  /** The span of the exchange that became the tunnel; '' when there was none. */
  readonly parentSpanId: string;
}

/** When the phases of a sampled exchange began and ended, in ms after `ExchangeRecord.startedAtMs`; -1 for what never happened. */
export interface TracePhases {
  /** `Upstream.acquire` was called. With several tries, the last one's times count. */
  selectStartMs: number;
  /** It answered: leased or refused. */
  selectEndMs: number;
  /** The request's head was written to the backend. */
  backendStartMs: number;
  /** The response's head arrived completely. */
  responseHeadMs: number;
  /** The response's head, transformed, was written to the client. */
  headSentMs: number;
  /** The backend's response ended, or the try failed. */
  backendEndMs: number;
  /** The path that the backend got, without query; '' when it is the record's. */
  upstreamPath: string;
  /** Tries that came to nothing, in their order; the one that led to an answer is not among them. */
  readonly failedTries: FailedTry[];
}

/** A try on a backend after which another one was made, or none was left. */
export interface FailedTry {
  readonly backend: Backend;
  /** In ms after `ExchangeRecord.startedAtMs`. */
  readonly startMs: number;
  readonly endMs: number;
  readonly error: ErrorCode;
  /** The span that its backend was told of; absent when nothing of the request was sent. */
  readonly spanId?: string;
}
