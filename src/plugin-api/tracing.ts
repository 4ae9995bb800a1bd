/** Decides for each exchange whether it is traced, before it costs anything. */
export interface Tracer {
  /**
   * Continues the trace that the request's `traceparent` header names (W3C Trace Context), or begins one when there
   * is no header or a malformed one. Whether it is sampled was decided upstream of us, or else is by `sample_rate`.
   */
  begin(traceparent: string | undefined): TraceContext;
}

/** An exchange's place in its trace. */
export interface TraceContext {
  /** True when spans are recorded: then {@link phases} is there to be filled in. */
  readonly sampled: boolean;
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** The exchange's own span, 16 hexadecimal digits. */
  readonly spanId: string;
  /** The header's value for the backend. */
  readonly traceparent: string;
  /** False when the request's `traceparent` did not count; its `tracestate` must then not be passed on. */
  readonly continued: boolean;
  readonly phases: TracePhases | undefined;
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
}
