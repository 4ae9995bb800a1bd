import { spanToThrift } from '@opentelemetry/exporter-jaeger/build/src/transform.js';
import { HTTPSender } from '@opentelemetry/exporter-jaeger/build/src/types.js';
import { resources } from '@opentelemetry/sdk-node';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type {
  RecordedSpan,
  SpanFacts,
  SpanOrigin,
} from '../../../../../../src/telemetry/traces/spans/recorded-span.ts';
import { JaegerEncoder } from '../../../../../../src/telemetry/traces/export/jaeger/jaeger-encoder.ts';
import {
  readThriftStruct,
  type ThriftStruct,
  type ThriftValue,
} from '../../../../../support/collectors/thrift-reader.ts';
import { anyAttributes, anyFacts, ORIGIN, span } from '../any-span.ts';

interface LibrarySender {
  setProcess(process: { serviceName: string; tags: never[] }): void;
  append(span: unknown): void;
  _batch: unknown;
  _jaegerThrift: { Batch: { rw: { toBuffer(batch: unknown): { value: Buffer } } } };
}

const FROM = { ...ORIGIN, instrumentationScope: { name: 'balance', version: '1.2' } };

/** What the library's exporter sends. */
function byLibrary(spans: RecordedSpan[]): Buffer {
  const sender = new (HTTPSender as new (options: object) => LibrarySender)({
    endpoint: 'http://127.0.0.1/',
    maxSpanBatchSize: Infinity,
  });
  const name = spans[0]?.resource.attributes['service.name'];
  sender.setProcess({ serviceName: typeof name === 'string' ? name : 'unknown_service', tags: [] });
  for (const each of spans) sender.append(spanToThrift(each));
  return sender._jaegerThrift.Batch.rw.toBuffer(sender._batch).value;
}

/** The library's times of events are cut to what a double of milliseconds happens to make of microseconds. */
function inWholeMs(facts: SpanFacts): SpanFacts {
  return { ...facts, startMs: Math.round(facts.startMs), endMs: Math.round(facts.endMs) };
}

/** What a batch says: lists that may be left out when they are empty are, and the values that a tag has not. */
function said(bytes: Buffer): unknown {
  const strip = (value: ThriftValue): unknown => {
    if (Array.isArray(value)) return value.map(strip);
    if (!(value instanceof Map)) return value;
    if (isTag(value)) return [value.get(1), value.get(3 + Number(value.get(2)))];
    const fields = [...value].filter(([, field]) => !Array.isArray(field) || field.length > 0);
    return new Map(fields.map(([id, field]) => [id, strip(field)]));
  };
  return strip(readThriftStruct(bytes));
}

/** Nothing else begins with a text and a number. */
function isTag(struct: ThriftStruct): boolean {
  return typeof struct.get(1) === 'string' && typeof struct.get(2) === 'number';
}

describe('a batch for Jaeger', () => {
  it("says what the library's exporter says", () => {
    const encoder = new JaegerEncoder();
    fc.assert(
      fc.property(fc.array(anyFacts, { maxLength: 5 }), anyAttributes, (batch, about) => {
        const origin: SpanOrigin = { ...FROM, resource: resources.resourceFromAttributes(about) };
        const spans = batch.map((each) => span(each.failure === undefined ? each : inWholeMs(each), origin));
        expect(said(encoder.encode(spans))).toEqual(said(byLibrary(spans)));
      }),
      { numRuns: 200 },
    );
  });

  it('is right at each length at which a text is no longer put together', () => {
    const encoder = new JaegerEncoder();
    for (const unit of ['x', 'ü', '€']) {
      const spans = Array.from({ length: 300 }, (_, length) =>
        span({ attributes: { key: unit.repeat(length), status: 200 } }, FROM),
      );
      expect(said(encoder.encode(spans)), unit).toEqual(said(byLibrary(spans)));
    }
    const keys = Array.from({ length: 40 }, (_, more) => 'k'.repeat(100 + more));
    const spans = keys.map((name) => span({ attributes: { [name]: 'x', [`${name}2`]: 5 } }, FROM));
    expect(said(encoder.encode(spans))).toEqual(said(byLibrary(spans)));
  });

  it('names a service that has no name, and leaves out a version that there is not', () => {
    const resource = resources.resourceFromAttributes({});
    const bytes = new JaegerEncoder().encode([
      span({}, { resource, instrumentationScope: { name: 'balance' } }),
    ]);
    expect(bytes.includes('unknown_service')).toBe(true);
    expect(bytes.includes('otel.library.name')).toBe(true);
    expect(bytes.includes('otel.library.version')).toBe(false);
  });

  it('owes nothing to one that could not be encoded, and stays while the next is encoded', () => {
    const encoder = new JaegerEncoder();
    const broken = {
      get text(): string {
        throw new Error('unreadable');
      },
    };
    expect(() => encoder.encode([span(), span({ attributes: broken })])).toThrow('unreadable');
    const spans = [span({ name: 'first' }, FROM)];
    const taken = encoder.encode(spans);
    encoder.encode(Array.from({ length: 2000 }, () => span({ name: 'next' }, FROM)));
    expect(said(taken)).toEqual(said(byLibrary(spans)));
  });
});
