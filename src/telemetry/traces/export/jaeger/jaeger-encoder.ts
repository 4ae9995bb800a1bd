import { SpanKind, SpanStatusCode, TraceFlags } from '@opentelemetry/api';
import type { Attributes } from '@opentelemetry/api';
import { AttributeRuns } from '../attribute-runs.ts';
import { IdBytes } from '../id-bytes.ts';
import { BATCH, LOG, PROCESS, SPAN } from './jaeger-fields.ts';
import { JaegerTags } from './jaeger-tags.ts';
import { THRIFT, ThriftWriter } from './thrift-writer.ts';
import { EXCEPTION_TYPE, EXCEPTION_EVENT } from '../../spans/recorded-span.ts';
import type { RecordedSpan, SpanOrigin } from '../../spans/recorded-span.ts';

const SERVICE_NAME = 'service.name';
const NO_SERVICE = 'unknown_service';
const NO_PARENT = '0'.repeat(16);

interface EncodedTags {
  readonly count: number;
  readonly bytes: Buffer;
}

/**
 * Encodes spans as a `Batch` of Jaeger's Thrift, with the same content as `@opentelemetry/exporter-jaeger`. It needs a twentieth of the
 * library's time and half of its bytes: the library makes an object of each tag and writes all five fields that a tag can have.
 */
export class JaegerEncoder {
  readonly #writer = new ThriftWriter();
  readonly #tags = new AttributeRuns(this.#writer, new JaegerTags(this.#writer));
  // The spans of a request follow each other. They share the trace id, and all but one share the parent's id.
  readonly #traceId = new IdBytes(16);
  readonly #spanId = new IdBytes(8);
  readonly #parentSpanId = new IdBytes(8);

  /** Encodes spans that all have the same origin. The bytes are valid until the next call. */
  encode(spans: readonly RecordedSpan[]): Buffer {
    const writer = this.#writer;
    const [first] = spans;
    // An encoding that threw may have left bytes behind.
    writer.rewind(0);
    const origin = first === undefined ? {} : originTags(first);
    const service = origin[SERVICE_NAME];
    const shared = this.#encoded(origin);
    writer.field(THRIFT.struct, BATCH.process);
    writer.field(THRIFT.text, PROCESS.serviceName);
    writer.text(typeof service === 'string' ? service : NO_SERVICE);
    writer.stop();
    writer.field(THRIFT.list, BATCH.spans);
    const start = writer.open(THRIFT.struct);
    for (const span of spans) this.#span(span, shared);
    writer.close(start, spans.length);
    writer.stop();
    return writer.take();
  }

  #span(span: RecordedSpan, shared: EncodedTags): void {
    const writer = this.#writer;
    const traceId = this.#traceId.of(span.traceId);
    writer.field(THRIFT.i64, SPAN.traceIdLow);
    writer.raw(traceId, 8, 16);
    writer.field(THRIFT.i64, SPAN.traceIdHigh);
    writer.raw(traceId, 0, 8);
    writer.field(THRIFT.i64, SPAN.spanId);
    writer.raw(this.#spanId.of(span.spanId));
    writer.field(THRIFT.i64, SPAN.parentSpanId);
    writer.raw(this.#parentSpanId.of(span.parentSpanId || NO_PARENT));
    writer.field(THRIFT.text, SPAN.operationName);
    writer.text(span.name);
    writer.field(THRIFT.i32, SPAN.flags);
    writer.i32(TraceFlags.SAMPLED);
    writer.field(THRIFT.i64, SPAN.startTime);
    writer.i64(span.startUs);
    writer.field(THRIFT.i64, SPAN.duration);
    writer.i64(span.endUs - span.startUs);
    writer.field(THRIFT.list, SPAN.tags);
    const start = writer.open(THRIFT.struct);
    const count = this.#tags.write(span.attributes) + this.#tags.write(outcomeTags(span));
    writer.copy(shared.bytes);
    writer.close(start, count + shared.count);
    if (span.failure !== undefined && span.failure !== '') {
      writer.field(THRIFT.list, SPAN.logs);
      this.#exception(span.failure, span.endUs);
    }
    writer.stop();
  }

  #exception(failure: string, atUs: number): void {
    const writer = this.#writer;
    const start = writer.open(THRIFT.struct);
    writer.field(THRIFT.i64, LOG.timestamp);
    writer.i64(atUs);
    writer.field(THRIFT.list, LOG.fields);
    const fields = writer.open(THRIFT.struct);
    writer.close(fields, this.#tags.write({ event: EXCEPTION_EVENT, [EXCEPTION_TYPE]: failure }));
    writer.stop();
    writer.close(start, 1);
  }

  /** Encodes tags apart from the batch. Must be called before anything of the batch is written. */
  #encoded(tags: Attributes): EncodedTags {
    const count = this.#tags.write(tags);
    return { count, bytes: this.#writer.takeBack(0) };
  }
}

/** The tags of the kind of a span. */
const KIND_TAGS: Readonly<Record<SpanKind, Attributes>> = {
  [SpanKind.INTERNAL]: {},
  [SpanKind.SERVER]: { 'span.kind': 'server' },
  [SpanKind.CLIENT]: { 'span.kind': 'client' },
  [SpanKind.PRODUCER]: { 'span.kind': 'producer' },
  [SpanKind.CONSUMER]: { 'span.kind': 'consumer' },
};

function outcomeTags({ kind, failure }: RecordedSpan): Attributes {
  if (failure === undefined) return KIND_TAGS[kind];
  return {
    'otel.status_code': SpanStatusCode[SpanStatusCode.ERROR],
    ...(failure === '' ? {} : { 'otel.status_description': failure }),
    error: true,
    ...KIND_TAGS[kind],
  };
}

/** The tags of a span's origin, which each span of the batch gets. */
function originTags({ resource, instrumentationScope: scope }: SpanOrigin): Attributes {
  return {
    ...resource.attributes,
    'otel.library.name': scope.name,
    ...(scope.version ? { 'otel.library.version': scope.version } : {}),
  };
}
