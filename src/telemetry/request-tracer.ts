import type { TraceCarrier, TraceContext, TraceFields, TracePhases, Tracer } from '../plugin-api/tracing.ts';
import { TRACE_FORMATS, type TraceFormat, type TraceFormatName, type TraceOrigin } from './trace-formats.ts';
import { TraceIds } from './trace-ids.ts';

/** What the spans of an exchange need beside what the data path sees. */
export interface RecordedContext extends TraceContext {
  /** The span of whoever called us; '' when the trace began here. */
  readonly parentSpanId: string;
  /** The span that {@link TraceContext.lines} name to the backend. */
  readonly backendSpanId: string;
}

/** Whether `context` came from a {@link RequestTracer} and is sampled. */
export function isRecorded(context: TraceContext): context is RecordedContext {
  return context.sampled && 'backendSpanId' in context;
}

export interface RequestTracerOptions {
  /** From 0 to 1: the share of the traces that begin here. */
  readonly sampleRate: number;
  /** How traces are carried: the first one that a request has counts, and backends get all of them. Default: `w3c` alone. */
  readonly formats?: readonly TraceFormatName[];
  /** Gives numbers from 0 to below 1. Default: `Math.random`. */
  readonly chance?: () => number;
}

/** Makes trace contexts by itself: what is not sampled never meets OpenTelemetry. */
export class RequestTracer implements Tracer {
  readonly #ids = new TraceIds();
  readonly #chance: () => number;
  readonly #sampleRate: number;
  readonly #formats: readonly TraceFormat[];
  readonly #fields: TraceFields;

  constructor({ sampleRate, formats = ['w3c'], chance = Math.random }: RequestTracerOptions) {
    this.#sampleRate = sampleRate;
    this.#chance = chance;
    this.#formats = formats.map((name) => TRACE_FORMATS[name]);
    this.#fields = {
      w3c: formats.includes('w3c'),
      b3: formats.includes('b3') || formats.includes('b3-multi'),
      jaeger: formats.includes('jaeger'),
    };
  }

  /** Whether a trace that begins here is sampled. */
  isChosen(): boolean {
    return this.#chance() < this.#sampleRate;
  }

  begin(request: TraceCarrier): TraceContext {
    let origin: TraceOrigin | undefined;
    let format: TraceFormat | undefined;
    for (format of this.#formats) {
      origin = format.read(request);
      if (origin !== undefined) break;
    }
    const sampled = origin?.sampled ?? this.isChosen();
    const goesOn = origin !== undefined && origin.traceId !== '';
    const traceId = goesOn ? (origin?.traceId ?? '') : this.#ids.traceId();
    const parentSpanId = goesOn ? (origin?.spanId ?? '') : '';
    const spanId = this.#ids.spanId();
    const continued = goesOn && format === TRACE_FORMATS.w3c;
    const fields = this.#fields;
    if (!sampled) {
      const lines = this.#lines(traceId, spanId, parentSpanId, false);
      return { sampled, traceId, spanId, lines, fields, continued, phases: undefined };
    }
    const backendSpanId = this.#ids.spanId();
    const context: RecordedContext = {
      sampled,
      traceId,
      spanId,
      parentSpanId,
      backendSpanId,
      lines: this.#lines(traceId, backendSpanId, spanId, true),
      fields,
      continued,
      phases: noPhases(),
    };
    return context;
  }

  #lines(traceId: string, spanId: string, parentSpanId: string, sampled: boolean): string {
    const place = { traceId, spanId, parentSpanId, sampled };
    let lines = '';
    for (const format of this.#formats) lines += format.write(place);
    return lines;
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
    failedTries: [],
  };
}
