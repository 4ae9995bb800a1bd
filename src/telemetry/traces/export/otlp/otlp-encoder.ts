import { SpanStatusCode } from '@opentelemetry/api';
import { AttributeRuns } from '../attribute-runs.ts';
import { IdBytes } from '../id-bytes.ts';
import { OtlpAttributes } from './otlp-attributes.ts';
import { EVENT, REQUEST, RESOURCE, RESOURCE_SPANS, SCOPE, SCOPE_SPANS, SPAN, STATUS } from './otlp-fields.ts';
import { ProtobufWriter } from './protobuf-writer.ts';
import { EXCEPTION_EVENT, EXCEPTION_TYPE } from '../../spans/recorded-span.ts';
import type { RecordedSpan, SpanOrigin } from '../../spans/recorded-span.ts';

/** `SpanFlags`: "sampled", and "it is known whether the parent is remote". */
const FLAGS_LOCAL = 0x101;
const FLAGS_REMOTE = 0x301;
/** Number of bytes that the length of most spans takes, and of most batches. */
const SPAN_LENGTH = 2;
const BATCH_LENGTH = 3;
const TWO_TO_32 = 0x1_0000_0000;

/**
 * Encodes spans as an `ExportTraceServiceRequest`, byte for byte as `ProtobufTraceSerializer` of `@opentelemetry/otlp-transformer` does, in a
 * third of its time: 8 µs against 25 for the four spans of a request. The library walks over all spans twice and over each text character by
 * character, and must accept spans of any kind.
 */
export class OtlpEncoder {
  readonly #writer = new ProtobufWriter();
  readonly #ofResource = this.#attributes(RESOURCE.attributes);
  readonly #ofSpan = this.#attributes(SPAN.attributes);
  readonly #ofEvent = this.#attributes(EVENT.attributes);
  // The spans of a request follow each other. They share the trace id, and all but one share the parent's id.
  readonly #traceId = new IdBytes(16);
  readonly #spanId = new IdBytes(8);
  readonly #parentSpanId = new IdBytes(8);

  /** Encodes spans that all have the same origin. The bytes are valid until the next call. */
  encode(spans: readonly RecordedSpan[]): Buffer {
    const [first] = spans;
    // An encoding that threw may have left bytes behind.
    this.#writer.rewind(0);
    if (first !== undefined) this.#resourceSpans(first, spans);
    return this.#writer.take();
  }

  #resourceSpans(
    { resource, instrumentationScope: scope }: SpanOrigin,
    spans: readonly RecordedSpan[],
  ): void {
    const writer = this.#writer;
    const all = writer.open(REQUEST.resourceSpans, BATCH_LENGTH);
    const about = writer.open(RESOURCE_SPANS.resource);
    this.#ofResource.write(resource.attributes);
    this.#number(RESOURCE.droppedAttributes, 0);
    writer.close(about);
    const ours = writer.open(RESOURCE_SPANS.scopeSpans, BATCH_LENGTH);
    const scopeStart = writer.open(SCOPE_SPANS.scope);
    this.#text(SCOPE.name, scope.name);
    if (scope.version) this.#text(SCOPE.version, scope.version);
    writer.close(scopeStart);
    for (const span of spans) this.#span(span);
    if (scope.schemaUrl) this.#text(SCOPE_SPANS.schemaUrl, scope.schemaUrl);
    writer.close(ours, BATCH_LENGTH);
    if (resource.schemaUrl) this.#text(RESOURCE_SPANS.schemaUrl, resource.schemaUrl);
    writer.close(all, BATCH_LENGTH);
  }

  #span(span: RecordedSpan): void {
    const writer = this.#writer;
    const start = writer.open(SCOPE_SPANS.spans, SPAN_LENGTH);
    this.#id(SPAN.traceId, span.traceId, this.#traceId);
    this.#id(SPAN.spanId, span.spanId, this.#spanId);
    if (span.parentSpanId !== '') this.#id(SPAN.parentSpanId, span.parentSpanId, this.#parentSpanId);
    this.#text(SPAN.name, span.name);
    // In the protocol 0 means "unspecified", which OpenTelemetry's API does not have.
    this.#number(SPAN.kind, span.kind + 1);
    this.#time(SPAN.start, span.startUs);
    this.#time(SPAN.end, span.endUs);
    this.#ofSpan.write(span.attributes);
    this.#number(SPAN.droppedAttributes, 0);
    if (span.failure !== undefined && span.failure !== '') this.#exception(span.failure, span.endUs);
    this.#number(SPAN.droppedEvents, 0);
    this.#number(SPAN.droppedLinks, 0);
    this.#status(span.failure);
    writer.varint(SPAN.flags);
    writer.fixed32(span.parentIsRemote ? FLAGS_REMOTE : FLAGS_LOCAL);
    writer.close(start, SPAN_LENGTH);
  }

  #exception(failure: string, atUs: number): void {
    const start = this.#writer.open(SPAN.events);
    this.#time(EVENT.time, atUs);
    this.#text(EVENT.name, EXCEPTION_EVENT);
    this.#ofEvent.write({ [EXCEPTION_TYPE]: failure });
    this.#number(EVENT.droppedAttributes, 0);
    this.#writer.close(start);
  }

  #status(failure: string | undefined): void {
    const start = this.#writer.open(SPAN.status);
    if (failure !== undefined && failure !== '') this.#text(STATUS.message, failure);
    this.#number(STATUS.code, failure === undefined ? SpanStatusCode.UNSET : SpanStatusCode.ERROR);
    this.#writer.close(start);
  }

  /** Returns the writer of the attributes in the field with that tag. */
  #attributes(tag: number): AttributeRuns {
    return new AttributeRuns(this.#writer, new OtlpAttributes(this.#writer, tag));
  }

  #id(tag: number, digits: string, id: IdBytes): void {
    this.#writer.varint(tag);
    this.#writer.bytes(id.of(digits));
  }

  #text(tag: number, text: string): void {
    this.#writer.varint(tag);
    this.#writer.text(text);
  }

  #number(tag: number, value: number): void {
    this.#writer.varint(tag);
    this.#writer.varint(value);
  }

  /** Writes a time in nanoseconds since 1970, computed in two halves: a number can't hold it. */
  #time(tag: number, microseconds: number): void {
    const high = Math.floor(microseconds / TWO_TO_32);
    const low = (microseconds - high * TWO_TO_32) * 1000;
    const carry = Math.floor(low / TWO_TO_32);
    this.#writer.varint(tag);
    this.#writer.fixed64(high * 1000 + carry, low - carry * TWO_TO_32);
  }
}
