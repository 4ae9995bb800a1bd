import { ProtobufMessage } from './protobuf-reader.ts';
import { TraceCollector, type CollectedSpan } from './trace-collector.ts';

/** Takes OTLP over HTTP, encoded as protobuf. */
export class OtlpCollector extends TraceCollector {
  constructor() {
    super('/v1/traces', 200, decodeRequest);
  }
}

const KINDS = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'];
const ERROR = 2n;

/** `ExportTraceServiceRequest` of opentelemetry-proto. */
function decodeRequest(bytes: Buffer): CollectedSpan[] {
  return new ProtobufMessage(bytes).messages(1).flatMap((resourceSpans) => {
    const resource = attributes(resourceSpans.message(1), 1);
    const spans = resourceSpans.messages(2).flatMap((scope) => scope.messages(2));
    return spans.map((span) => decodeSpan(span, String(resource['service.name'])));
  });
}

function decodeSpan(span: ProtobufMessage, service: string): CollectedSpan {
  const startNs = span.number(7);
  const failed = span.has(15) && span.message(15).number(3) === ERROR;
  return {
    service,
    name: span.text(5),
    traceId: span.bytes(1).toString('hex'),
    spanId: span.bytes(2).toString('hex'),
    parentSpanId: span.bytes(4).toString('hex').padStart(16, '0'),
    startUs: Number(startNs / 1000n),
    durationUs: Number((span.number(8) - startNs) / 1000n),
    tags: {
      ...attributes(span, 9),
      'span.kind': KINDS[Number(span.number(6))],
      ...(failed ? { error: true, 'otel.status_code': 'ERROR' } : {}),
    },
    events: span.messages(11).map((event) => ({ event: event.text(2), ...attributes(event, 3) })),
  };
}

/** A list of `KeyValue`. */
function attributes(holder: ProtobufMessage, field: number): Record<string, unknown> {
  const pairs = holder.messages(field).map((pair) => [pair.text(1), valueOf(pair.message(2))] as const);
  return Object.fromEntries<unknown>(pairs);
}

/** `AnyValue`. */
function valueOf(value: ProtobufMessage): unknown {
  if (value.has(1)) return value.text(1);
  if (value.has(2)) return value.number(2) === 1n;
  if (value.has(3)) return Number(value.number(3));
  return new Float64Array(new BigUint64Array([value.number(4)]).buffer)[0];
}
