import { SpanStatusCode, TraceFlags } from '@opentelemetry/api';
import type * as otel from '@opentelemetry/api';
import type { tracing } from '@opentelemetry/sdk-node';

/** Who made a span, as OpenTelemetry's SDK has it: the service, and the part of it. */
export type SpanOrigin = Pick<tracing.ReadableSpan, 'resource' | 'instrumentationScope'>;

/** What there is to know of a span once it is over. */
export interface SpanFacts {
  readonly name: string;
  readonly kind: otel.SpanKind;
  readonly traceId: string;
  readonly spanId: string;
  /** '' for a root. */
  readonly parentSpanId: string;
  /** Whether another process made the parent. */
  readonly parentIsRemote: boolean;
  /** In ms since 1970. */
  readonly startMs: number;
  /** In ms since 1970. A span that would end before its start ends with it. */
  readonly endMs: number;
  readonly attributes: otel.Attributes;
  /** What went wrong, when the span is in error; '' when its attributes say all, as the status of a response does. */
  readonly failure: string | undefined;
}

/** The event of a span in error, and the attribute that says what went wrong. */
export const EXCEPTION_EVENT = 'exception';
export const EXCEPTION_TYPE = 'exception.type';

const LONGEST_NAME = 256;
const NONE_DROPPED = 0;
const OVER = true;

/**
 * A span that was over when it was made.
 *
 * Exporters take it for one of the SDK's. Those are made to be changed while they last: each checks every attribute, reads two
 * clocks and builds a context, which comes to 8 µs for the four spans of a request; these take 1.5. What only some exporters
 * ask for is made when they do.
 */
export class RecordedSpan implements tracing.ReadableSpan {
  readonly name: string;
  readonly kind: otel.SpanKind;
  readonly traceId: string;
  readonly spanId: string;
  /** '' for a root. */
  readonly parentSpanId: string;
  readonly parentIsRemote: boolean;
  /** Since 1970. In whole microseconds: more a double of milliseconds since 1970 does not hold. */
  readonly startUs: number;
  /** Since 1970. */
  readonly endUs: number;
  readonly attributes: otel.Attributes;
  /** As {@link SpanFacts.failure}. */
  readonly failure: string | undefined;
  readonly #origin: SpanOrigin;

  constructor(origin: SpanOrigin, facts: SpanFacts) {
    const { name } = facts;
    this.#origin = origin;
    this.name = name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME)}…` : name;
    this.kind = facts.kind;
    this.traceId = facts.traceId;
    this.spanId = facts.spanId;
    this.parentSpanId = facts.parentSpanId;
    this.parentIsRemote = facts.parentIsRemote;
    this.startUs = Math.round(facts.startMs * 1000);
    this.endUs = Math.max(this.startUs, Math.round(facts.endMs * 1000));
    this.attributes = facts.attributes;
    this.failure = facts.failure;
  }

  get resource(): SpanOrigin['resource'] {
    return this.#origin.resource;
  }

  get instrumentationScope(): SpanOrigin['instrumentationScope'] {
    return this.#origin.instrumentationScope;
  }

  spanContext(): otel.SpanContext {
    return { traceId: this.traceId, spanId: this.spanId, traceFlags: TraceFlags.SAMPLED };
  }

  /** Without a span id for a root, as the SDK's interface has no way to leave it out. Exporters look at nothing else. */
  get parentSpanContext(): otel.SpanContext {
    const { traceId, parentSpanId: spanId, parentIsRemote: isRemote } = this;
    return { traceId, spanId, traceFlags: TraceFlags.SAMPLED, isRemote };
  }

  get startTime(): otel.HrTime {
    return timeOf(this.startUs);
  }

  get endTime(): otel.HrTime {
    return timeOf(this.endUs);
  }

  get duration(): otel.HrTime {
    return timeOf(this.endUs - this.startUs);
  }

  get status(): otel.SpanStatus {
    if (this.failure === undefined) return { code: SpanStatusCode.UNSET };
    if (this.failure === '') return { code: SpanStatusCode.ERROR };
    return { code: SpanStatusCode.ERROR, message: this.failure };
  }

  get events(): tracing.TimedEvent[] {
    if (this.failure === undefined || this.failure === '') return [];
    return [{ name: EXCEPTION_EVENT, attributes: { [EXCEPTION_TYPE]: this.failure }, time: this.endTime }];
  }

  get links(): never[] {
    return [];
  }

  get ended(): boolean {
    return OVER;
  }

  get droppedAttributesCount(): number {
    return NONE_DROPPED;
  }

  get droppedEventsCount(): number {
    return NONE_DROPPED;
  }

  get droppedLinksCount(): number {
    return NONE_DROPPED;
  }
}

/** Seconds and nanoseconds. */
function timeOf(microseconds: number): otel.HrTime {
  const seconds = Math.floor(microseconds / 1_000_000);
  return [seconds, (microseconds - seconds * 1_000_000) * 1000];
}
