import type { TraceContext, TraceFields, TracePhases } from '../../plugin-api/tracing.ts';
import type { TraceFormat } from './trace-formats.ts';
import type { TraceIds } from './trace-ids.ts';

/** What the traces of one tracer have in common. */
export interface TraceSource {
  readonly ids: TraceIds;
  /** Backends are told in all of them. */
  readonly formats: readonly TraceFormat[];
  readonly fields: TraceFields;
}

/** What was decided when the exchange began. */
export interface TraceBeginning {
  readonly sampled: boolean;
  readonly traceId: string;
  /** The span of whoever called us; '' when the trace began here. */
  readonly parentSpanId: string;
  readonly continued: boolean;
}

/** An exchange's place in its trace, with what its spans need beside what the data path sees. */
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
    // Without spans of its tries, an exchange is known to its backend by the id that our log has.
    this.#trySpanId = sampled ? ids.spanId() : this.spanId;
  }

  get fields(): TraceFields {
    return this.#source.fields;
  }

  get trySpanId(): string {
    return this.#trySpanId;
  }

  /** Made when the first backend gets them: requests that are answered by the proxy itself need none. */
  get lines(): string {
    if (this.#lines === '') this.#lines = this.#written();
    return this.#lines;
  }

  nextTry(): void {
    this.#trySpanId = this.#source.ids.spanId();
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
    failedTries: [],
  };
}
