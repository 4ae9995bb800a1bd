import type { TraceContext, TracePhases, Tracer } from '../plugin-api/tracing.ts';
import { formatTraceparent, parseTraceparent, TraceIds } from './trace-ids.ts';

/** What the spans of an exchange need beside what the data path sees. */
export interface RecordedContext extends TraceContext {
  /** The span of whoever called us; '' when the trace began here. */
  readonly parentSpanId: string;
  /** The span that {@link TraceContext.traceparent} names to the backend. */
  readonly backendSpanId: string;
}

/** Whether `context` came from a {@link RequestTracer} and is sampled. */
export function isRecorded(context: TraceContext): context is RecordedContext {
  return context.sampled && 'backendSpanId' in context;
}

/** Makes trace contexts by itself: what is not sampled never meets OpenTelemetry. */
export class RequestTracer implements Tracer {
  readonly #ids = new TraceIds();
  readonly #chance: () => number;
  readonly #sampleRate: number;

  /** `sampleRate` from 0 to 1 is the share of the traces that begin here; `chance` gives numbers from 0 to below 1. */
  constructor(sampleRate: number, chance: () => number = Math.random) {
    this.#sampleRate = sampleRate;
    this.#chance = chance;
  }

  begin(traceparent: string | undefined): TraceContext {
    const parent = traceparent === undefined ? undefined : parseTraceparent(traceparent);
    const sampled = parent === undefined ? this.#chance() < this.#sampleRate : parent.sampled;
    const traceId = parent?.traceId ?? this.#ids.traceId();
    const spanId = this.#ids.spanId();
    if (!sampled) {
      const context: TraceContext = {
        sampled,
        traceId,
        spanId,
        traceparent: formatTraceparent(traceId, spanId, false),
        continued: parent !== undefined,
        phases: undefined,
      };
      return context;
    }
    const backendSpanId = this.#ids.spanId();
    const context: RecordedContext = {
      sampled,
      traceId,
      spanId,
      parentSpanId: parent?.spanId ?? '',
      backendSpanId,
      traceparent: formatTraceparent(traceId, backendSpanId, true),
      continued: parent !== undefined,
      phases: noPhases(),
    };
    return context;
  }
}

function noPhases(): TracePhases {
  return {
    selectStartMs: -1,
    selectEndMs: -1,
    backendStartMs: -1,
    responseHeadMs: -1,
    headSentMs: -1,
    backendEndMs: -1,
    upstreamPath: '',
  };
}
