import type { TraceContext, TraceFields, TracePhases } from '../../../plugin-api/tracing.ts';
import type { TraceFormat } from './trace-formats.ts';
import type { TraceIds } from './trace-ids.ts';

/** The parts that all traces of one tracer share. */
export interface TraceSource {
  readonly ids: TraceIds;
  /** The formats in which a trace is passed to backends: all of them are written. */
  readonly formats: readonly TraceFormat[];
  readonly fields: TraceFields;
}

/** What was decided about a trace when its exchange began. */
export interface TraceBeginning {
  readonly sampled: boolean;
  readonly traceId: string;
  /** The caller's span; '' when the trace begins here. */
  readonly parentSpanId: string;
  readonly continued: boolean;
}

/** The trace context of an exchange: what the data path sees of it, and what its spans need beside that. */
export class ExchangeTrace implements TraceContext {
  readonly sampled: boolean;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly continued: boolean;
  readonly phases: TracePhases | undefined;
  readonly #source: TraceSource;
  #trySpanId: string;
  #lines = '';

  constructor(source: TraceSource, { sampled, traceId, parentSpanId, continued }: TraceBeginning) {
    const { ids } = source;
    this.#source = source;
    this.sampled = sampled;
    this.traceId = traceId;
    this.spanId = ids.spanId();
    this.parentSpanId = parentSpanId;
    this.continued = continued;
    this.phases = sampled ? noPhases() : undefined;
    // An exchange that is not sampled has no spans of its tries. The backend is then told the span id that the log shows.
    this.#trySpanId = sampled ? ids.spanId() : this.spanId;
  }

  get fields(): TraceFields {
    return this.#source.fields;
  }

  get trySpanId(): string {
    return this.#trySpanId;
  }

  /** Written when the first backend needs them: requests that the proxy answers itself need none. */
  get lines(): string {
    if (this.#lines === '') this.#lines = this.#written();
    return this.#lines;
  }

  nextTry(): void {
    this.#trySpanId = this.#source.ids.spanId();
    this.#lines = '';
  }

  resumeTry(spanId: string): void {
    if (spanId === this.#trySpanId) return;
    this.#trySpanId = spanId;
    this.#lines = '';
  }

  #written(): string {
    const { traceId, sampled } = this;
    const spanId = this.#trySpanId;
    const parentSpanId = spanId === this.spanId ? this.parentSpanId : this.spanId;
    const place = { traceId, spanId, parentSpanId, sampled };
    let lines = '';
    for (const format of this.#source.formats) lines += format.write(place);
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
  };
}
