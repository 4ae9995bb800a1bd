import { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import { resources } from '@opentelemetry/sdk-node';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RecordedSpan } from '../../../../../../src/telemetry/traces/spans/recorded-span.ts';
import { OtlpEncoder } from '../../../../../../src/telemetry/traces/export/otlp/otlp-encoder.ts';
import { ProtobufMessage } from '../../../../../support/collectors/protobuf-reader.ts';
import { anyAttributes, anyFacts, ORIGIN, span } from '../any-span.ts';

function byLibrary(spans: RecordedSpan[]): Buffer {
  return Buffer.from(ProtobufTraceSerializer.serializeRequest(spans) ?? []);
}

describe('an encoded batch', () => {
  it("is byte for byte what the library's serializer makes of it", () => {
    const encoder = new OtlpEncoder();
    fc.assert(
      fc.property(fc.array(anyFacts, { maxLength: 5 }), anyAttributes, (batch, about) => {
        const origin = { ...ORIGIN, resource: resources.resourceFromAttributes(about) };
        const spans = batch.map((each) => span(each, origin));
        expect(encoder.encode(spans).toString('hex')).toBe(byLibrary(spans).toString('hex'));
      }),
      { numRuns: 500 },
    );
  });

  it('is right at each length at which a length takes one more byte', () => {
    const encoder = new OtlpEncoder();
    for (const unit of ['x', 'ü', '€'])
      for (let length = 0; length < 400; length++) {
        const spans = [span({ attributes: { key: unit.repeat(length), status: 200 } })];
        expect(encoder.encode(spans).equals(byLibrary(spans)), `${length} times ${unit}`).toBe(true);
      }
    for (let length = 100; length < 130; length++) {
      const name = 'k'.repeat(length);
      const spans = [span({ attributes: { [name]: 'x' } }), span({ attributes: { [name]: 5 } })];
      expect(encoder.encode(spans).equals(byLibrary(spans)), `a key of ${length}`).toBe(true);
    }
  });

  it('names the scope and the schemas that the SDK gives', () => {
    const instrumentationScope = { name: 'balance', version: '1.2', schemaUrl: 'https://example.com/1' };
    const resource = resources.resourceFromAttributes({ a: 'b' }, { schemaUrl: 'https://example.com/2' });
    const spans = [span({}, { instrumentationScope, resource })];
    expect(new OtlpEncoder().encode(spans).equals(byLibrary(spans))).toBe(true);
  });

  it('is small or large, whatever the one before it was', () => {
    const encoder = new OtlpEncoder();
    for (const count of [1, 4000, 0, 1, 200]) {
      const spans = Array.from({ length: count }, (_, n) =>
        span({ name: `span ${n}`, attributes: { text: 'x'.repeat(n) } }),
      );
      expect(encoder.encode(spans).equals(byLibrary(spans)), `${count} spans`).toBe(true);
    }
  });

  it('stays as it is while the next one is encoded', () => {
    const encoder = new OtlpEncoder();
    for (const [name, count] of [
      ['first', 1],
      ['many', 2000],
      ['small again', 2],
    ] as const) {
      const taken = encoder.encode([span({ name })]);
      const before = Buffer.from(taken);
      encoder.encode(Array.from({ length: count }, () => span({ name: 'next' })));
      expect(taken.equals(before), name).toBe(true);
    }
  });

  it('owes nothing to one that could not be encoded', () => {
    const encoder = new OtlpEncoder();
    const broken = {
      get text(): string {
        throw new Error('unreadable');
      },
    };
    expect(() => encoder.encode([span(), span({ attributes: broken })])).toThrow('unreadable');
    const spans = [span()];
    expect(encoder.encode(spans).equals(byLibrary(spans))).toBe(true);
  });

  it('holds more attributes than the encoder remembers', () => {
    const encoder = new OtlpEncoder();
    const many = Object.fromEntries(Array.from({ length: 1000 }, (_, n) => [`key ${n}`, n]));
    for (let round = 0; round < 2; round++) {
      const spans = [span({ attributes: many })];
      expect(encoder.encode(spans).equals(byLibrary(spans))).toBe(true);
    }
  });

  it('is understood', () => {
    const bytes = new OtlpEncoder().encode([
      span({ attributes: { sent: 2 ** 53, left: -1, ratio: 0.5, yes: true }, failure: 'backend_reset' }),
    ]);
    const decoded = new ProtobufMessage(bytes).message(1).message(2).message(2);
    expect(decoded.text(5)).toBe('GET /');
    expect(decoded.number(7)).toBe(1_763_391_600_000_125_000n);
    expect(decoded.number(8)).toBe(1_763_391_601_250_500_000n);
    const [sent, left, ratio, yes] = decoded.messages(9).map((pair) => pair.message(2));
    expect(sent?.number(3)).toBe(2n ** 53n);
    expect(BigInt.asIntN(64, left?.number(3) ?? 0n)).toBe(-1n);
    expect(ratio?.number(4)).toBe(Buffer.from(Float64Array.of(0.5).buffer).readBigUInt64LE());
    expect(yes?.number(2)).toBe(1n);
    expect(decoded.message(15).text(2)).toBe('backend_reset');
    expect(decoded.message(11).number(1)).toBe(1_763_391_601_250_500_000n);
  });
});
