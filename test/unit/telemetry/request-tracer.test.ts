import { describe, expect, it } from 'vitest';
import { isRecorded, RequestTracer } from '../../../src/telemetry/request-tracer.ts';
import { parseTraceparent } from '../../../src/telemetry/trace-ids.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';

describe('parseTraceparent', () => {
  it('reads version 00', () => {
    expect(parseTraceparent(`00-${TRACE}-${SPAN}-01`)).toEqual({
      traceId: TRACE,
      spanId: SPAN,
      sampled: true,
    });
    expect(parseTraceparent(`00-${TRACE}-${SPAN}-00`)).toMatchObject({ sampled: false });
    expect(parseTraceparent(`00-${TRACE}-${SPAN}-fe`)).toMatchObject({ sampled: false });
    expect(parseTraceparent(`00-${TRACE}-${SPAN}-03`)).toMatchObject({ sampled: true });
  });

  it('reads what it knows of later versions', () => {
    expect(parseTraceparent(`cc-${TRACE}-${SPAN}-01`)).toMatchObject({ sampled: true });
    expect(parseTraceparent(`cc-${TRACE}-${SPAN}-01-more`)).toMatchObject({ traceId: TRACE });
  });

  for (const [what, text] of [
    ['nothing', ''],
    ['version ff', `ff-${TRACE}-${SPAN}-01`],
    ['upper case', `00-${TRACE.toUpperCase()}-${SPAN}-01`],
    ['a trace id of zeros', `00-${'0'.repeat(32)}-${SPAN}-01`],
    ['a span id of zeros', `00-${TRACE}-${'0'.repeat(16)}-01`],
    ['a short trace id', `00-${TRACE.slice(1)}-${SPAN}-01`],
    ['no hexadecimal digit', `00-${TRACE.slice(1)}g-${SPAN}-01`],
    ['one flag digit', `00-${TRACE}-${SPAN}-1`],
    ['more after version 00', `00-${TRACE}-${SPAN}-01-more`],
    ['something stuck to a later version', `cc-${TRACE}-${SPAN}-01.more`],
    ['space around', ` 00-${TRACE}-${SPAN}-01`],
    ['two values', `00-${TRACE}-${SPAN}-01, 00-${TRACE}-${SPAN}-01`],
  ] as const) {
    it(`ignores ${what}`, () => {
      expect(parseTraceparent(text)).toBeUndefined();
    });
  }
});

describe('RequestTracer', () => {
  it('continues a sampled trace, whatever its own rate is', () => {
    const context = new RequestTracer(0).begin(`00-${TRACE}-${SPAN}-01`);
    expect(context).toMatchObject({ sampled: true, continued: true, traceId: TRACE });
    expect(isRecorded(context) && context.parentSpanId).toBe(SPAN);
    expect(context.spanId).toMatch(/^[0-9a-f]{16}$/);
    expect(context.spanId).not.toBe(SPAN);
    expect(parseTraceparent(context.traceparent)).toEqual({
      traceId: TRACE,
      spanId: isRecorded(context) ? context.backendSpanId : '',
      sampled: true,
    });
    expect(context.phases).toBeDefined();
  });

  it('passes on that a trace is not sampled, whatever its own rate is', () => {
    const context = new RequestTracer(1).begin(`00-${TRACE}-${SPAN}-00`);
    expect(context).toMatchObject({ sampled: false, continued: true, traceId: TRACE, phases: undefined });
    expect(context.traceparent).toBe(`00-${TRACE}-${context.spanId}-00`);
  });

  it('begins a trace of its own where there is none to continue', () => {
    const tracer = new RequestTracer(1);
    for (const header of [undefined, 'nonsense']) {
      const context = tracer.begin(header);
      expect(context).toMatchObject({ sampled: true, continued: false });
      expect(parseTraceparent(context.traceparent)?.traceId).toBe(context.traceId);
      expect(isRecorded(context) && context.parentSpanId).toBe('');
    }
  });

  it('samples the configured share', () => {
    let chance = 0;
    const tracer = new RequestTracer(0.25, () => chance);
    const sampled = [0, 0.2, 0.25, 0.9].map((each) => {
      chance = each;
      return tracer.begin(undefined).sampled;
    });
    expect(sampled).toEqual([true, true, false, false]);
  });

  it('never gives an id twice', () => {
    const tracer = new RequestTracer(1);
    const ids = new Set<string>();
    for (let n = 0; n < 2000; n++) {
      const context = tracer.begin(undefined);
      ids.add(context.traceId).add(context.spanId).add(context.traceparent.slice(36, 52));
    }
    expect(ids.size).toBe(6000);
  });
});
