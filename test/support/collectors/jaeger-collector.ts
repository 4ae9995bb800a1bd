import { readThriftStruct } from './thrift-reader.ts';
import type { ThriftStruct, ThriftValue } from './thrift-reader.ts';
import { TraceCollector, type CollectedSpan } from './trace-collector.ts';

/** Takes Jaeger Thrift over HTTP. */
export class JaegerCollector extends TraceCollector {
  constructor() {
    super('/api/traces', 202, decodeBatch);
  }
}

/** `Batch` of Jaeger's jaeger.thrift. */
function decodeBatch(bytes: Buffer): CollectedSpan[] {
  const batch = readThriftStruct(bytes);
  const service = text(struct(batch.get(1)).get(1));
  return list(batch.get(2)).map((each) => {
    const span = struct(each);
    return {
      service,
      name: text(span.get(5)),
      traceId: hex(span.get(2)) + hex(span.get(1)),
      spanId: hex(span.get(3)),
      parentSpanId: hex(span.get(4)),
      startUs: Number(span.get(8)),
      durationUs: Number(span.get(9)),
      tags: tags(span.get(10)),
      events: list(span.get(11)).map((log) => tags(struct(log).get(2))),
    };
  });
}

function tags(value: ThriftValue | undefined): Record<string, unknown> {
  return Object.fromEntries(
    list(value).map((each) => {
      const tag = struct(each);
      // The type is the number of the value's field, counted from 3.
      return [text(tag.get(1)), tag.get(3 + Number(tag.get(2)))];
    }),
  );
}

function struct(value: ThriftValue | undefined): ThriftStruct {
  if (!(value instanceof Map)) throw new Error('a struct was expected');
  return value;
}

function list(value: ThriftValue | undefined): ThriftValue[] {
  return Array.isArray(value) ? value : [];
}

function text(value: ThriftValue | undefined): string {
  if (typeof value !== 'string') throw new Error('a text was expected');
  return value;
}

function hex(value: ThriftValue | undefined): string {
  if (typeof value !== 'bigint') throw new Error('an i64 was expected');
  return BigInt.asUintN(64, value).toString(16).padStart(16, '0');
}
