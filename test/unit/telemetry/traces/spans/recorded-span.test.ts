import { resources } from '@opentelemetry/sdk-node';
import { describe, expect, it } from 'vitest';
import { RecordedSpan } from '../../../../../src/telemetry/traces/spans/recorded-span.ts';
import type { SpanFacts } from '../../../../../src/telemetry/traces/spans/recorded-span.ts';
import { spanFacts } from '../../records.ts';

function span(facts: Partial<SpanFacts> = {}): RecordedSpan {
  const origin = {
    resource: resources.resourceFromAttributes({}),
    instrumentationScope: { name: 'balance' },
  };
  return new RecordedSpan(origin, spanFacts(facts));
}

describe('a recorded span', () => {
  it("is what exporters expect of one of the SDK's", () => {
    const own = span({ parentSpanId: '00f067aa0ba902b7', parentIsRemote: true });
    const { traceId, spanId } = own;
    expect(own.spanContext()).toEqual({ traceId, spanId, traceFlags: 1 });
    const parent = { traceId, spanId: '00f067aa0ba902b7', traceFlags: 1, isRemote: true };
    expect(own.parentSpanContext).toEqual(parent);
    expect(own.startTime).toEqual([1_763_391_600, 125_000]);
    expect(own.endTime).toEqual([1_763_391_601, 250_500_000]);
    expect(own.duration).toEqual([1, 250_375_000]);
    expect(own.status).toEqual({ code: 0 });
    expect([own.events, own.links, own.ended]).toEqual([[], [], true]);
    expect(own.instrumentationScope).toEqual({ name: 'balance' });
  });

  it('tells of an error in its status and in an event at its end', () => {
    const failed = span({ failure: 'backend_reset' });
    expect(failed.status).toEqual({ code: 2, message: 'backend_reset' });
    expect(failed.events).toEqual([
      { name: 'exception', attributes: { 'exception.type': 'backend_reset' }, time: failed.endTime },
    ]);
  });

  it('has no parent when it is a root', () => {
    expect(span().parentSpanContext.spanId).toBe('');
  });

  it('ends no sooner than it begins', () => {
    const backwards = span({ endMs: spanFacts().startMs - 5 });
    expect([backwards.endTime, backwards.duration]).toEqual([backwards.startTime, [0, 0]]);
  });

  it('keeps its name short', () => {
    expect(span({ name: 'x'.repeat(256) }).name).toBe('x'.repeat(256));
    expect(span({ name: 'x'.repeat(257) }).name).toBe(`${'x'.repeat(256)}…`);
  });
});
