import type {
  TraceCarrier,
  TraceContext,
  TraceFields,
  Tracer,
  TunnelTrace,
} from '../../../plugin-api/tracing.ts';
import { ExchangeTrace, type TraceSource } from './exchange-trace.ts';
import { TRACE_FORMATS, type TraceFormat, type TraceFormatName, type TraceOrigin } from './trace-formats.ts';
import { TraceIds } from './trace-ids.ts';

export interface RequestTracerOptions {
  /** Share of the traces that begin here and are sampled, from 0 to 1. */
  readonly sampleRate: number;
  /** The formats of trace fields. The first one that a request has is read; all of them are written to backends. Default: `w3c` alone. */
  readonly formats?: readonly TraceFormatName[];
  /** Returns a number from 0 to below 1. Default: `Math.random`. */
  readonly chance?: () => number;
}

/** Makes the trace contexts of exchanges and tunnels without OpenTelemetry, so that requests that are not sampled cost little. */
export class RequestTracer implements Tracer {
  readonly #ids = new TraceIds();
  readonly #chance: () => number;
  readonly #sampleRate: number;
  readonly #formats: readonly TraceFormat[];
  readonly #source: TraceSource;

  constructor({ sampleRate, formats = ['w3c'], chance = Math.random }: RequestTracerOptions) {
    this.#sampleRate = sampleRate;
    this.#chance = chance;
    this.#formats = formats.map((name) => TRACE_FORMATS[name]);
    const fields: TraceFields = {
      w3c: formats.includes('w3c'),
      b3: formats.includes('b3') || formats.includes('b3-multi'),
      jaeger: formats.includes('jaeger'),
    };
    this.#source = { ids: this.#ids, formats: this.#formats, fields };
  }

  /** Whether a trace that begins here is sampled. */
  isChosen(): boolean {
    return this.#chance() < this.#sampleRate;
  }

  begin(request: TraceCarrier): ExchangeTrace {
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
    const continued = goesOn && format === TRACE_FORMATS.w3c;
    return new ExchangeTrace(this.#source, { sampled, traceId, parentSpanId, continued });
  }

  beginTunnel(exchange?: TraceContext): TunnelTrace {
    return {
      sampled: exchange?.sampled ?? this.isChosen(),
      traceId: exchange?.traceId ?? this.#ids.traceId(),
      spanId: this.#ids.spanId(),
      parentSpanId: exchange?.spanId ?? '',
    };
  }
}
