import { SpanKind, type Attributes, type AttributeValue } from '@opentelemetry/api';
import { resources } from '@opentelemetry/sdk-node';
import fc from 'fast-check';
import { RecordedSpan } from '../../../../../src/telemetry/traces/spans/recorded-span.ts';
import type { SpanFacts, SpanOrigin } from '../../../../../src/telemetry/traces/spans/recorded-span.ts';
import { spanFacts } from '../../records.ts';

export const ORIGIN: SpanOrigin = {
  resource: resources.resourceFromAttributes({ 'service.name': 'edge', 'host.cpus': 8, tags: ['a', 'ü'] }),
  instrumentationScope: { name: 'balance' },
};

export function span(facts: Partial<SpanFacts> = {}, origin = ORIGIN): RecordedSpan {
  return new RecordedSpan(origin, spanFacts(facts));
}

/** Where lengths grow by a byte, in bytes of one, two and three a character, and surrogates without their other half. */
const text = fc.oneof(
  fc.string({ unit: 'grapheme-ascii', maxLength: 140 }),
  fc.string({ unit: 'grapheme', maxLength: 60 }),
  fc
    .tuple(fc.constantFrom('a', 'ü', '€', '😀', '\ud800', '\udc00', '\0'), fc.nat(300))
    .map(([unit, count]) => unit.repeat(count)),
  fc.constantFrom('', 'x'.repeat(2048), 'ü'.repeat(5461), 'x'.repeat(16_384), 'a\ud83d', '\udc00\ud83d'),
);
const number = fc.oneof(
  fc.nat(2000),
  fc.integer(),
  fc.maxSafeInteger(),
  fc.double(),
  fc.constantFrom(-0, 0.5, 2 ** 31, 2 ** 32, 2 ** 53, 2 ** 63, -(2 ** 31), -(2 ** 63), 1e300, Infinity, NaN),
);
const value: fc.Arbitrary<AttributeValue> = fc.oneof(
  { weight: 4, arbitrary: text },
  { weight: 3, arbitrary: number },
  fc.boolean(),
  fc.array(text, { maxLength: 3 }),
  fc.array(fc.option(number), { maxLength: 3 }),
);
const key = fc.oneof(fc.constantFrom('http.method', 'http.status_code', 'backend', 'ключ'), text);
export const anyAttributes: fc.Arbitrary<Attributes> = fc.dictionary(key, value, { maxKeys: 12 });
const id = (digits: number): fc.Arbitrary<string> =>
  fc.oneof(
    fc
      .uint8Array({ minLength: digits / 2, maxLength: digits / 2 })
      .map((bytes) => Buffer.from(bytes).toString('hex')),
    fc.constantFrom('f'.repeat(digits), '01'.repeat(digits / 2)),
  );
export const anyFacts: fc.Arbitrary<SpanFacts> = fc.record({
  name: text,
  kind: fc.constantFrom(SpanKind.INTERNAL, SpanKind.SERVER, SpanKind.CLIENT),
  traceId: id(32),
  spanId: id(16),
  parentSpanId: fc.oneof(fc.constant(''), id(16)),
  parentIsRemote: fc.boolean(),
  startMs: fc.double({ min: 0, max: 4e12, noNaN: true }),
  endMs: fc.double({ min: 0, max: 4e12, noNaN: true }),
  attributes: anyAttributes,
  failure: fc.option(text, { nil: undefined }),
});
