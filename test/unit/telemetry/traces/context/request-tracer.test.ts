import { describe, expect, it } from 'vitest';
import { RequestTracer } from '../../../../../src/telemetry/traces/context/request-tracer.ts';
import type { TraceFormatName } from '../../../../../src/telemetry/traces/context/trace-formats.ts';
import { parseTraceparent } from '../../../../../src/telemetry/traces/context/trace-ids.ts';

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

type Fields = Readonly<Record<string, string>>;

const request = (fields: Fields = {}): { soleValueOf(name: string): string | undefined } => ({
  soleValueOf: (name) => fields[name],
});
const calledBy = (traceparent: string) => request({ traceparent });
const traceparentIn = (lines: string): string => /^\r\ntraceparent: (.*)$/.exec(lines)?.[1] ?? '';

describe('RequestTracer', () => {
  it('continues a sampled trace, whatever its own rate is', () => {
    const context = new RequestTracer({ sampleRate: 0 }).begin(calledBy(`00-${TRACE}-${SPAN}-01`));
    expect(context).toMatchObject({ sampled: true, continued: true, traceId: TRACE });
    expect(context.parentSpanId).toBe(SPAN);
    expect(context.spanId).toMatch(/^[0-9a-f]{16}$/);
    expect(context.spanId).not.toBe(SPAN);
    expect(parseTraceparent(traceparentIn(context.lines))).toEqual({
      traceId: TRACE,
      spanId: context.trySpanId,
      sampled: true,
    });
    expect(context.phases).toBeDefined();
  });

  it('passes on that a trace is not sampled, whatever its own rate is', () => {
    const context = new RequestTracer({ sampleRate: 1 }).begin(calledBy(`00-${TRACE}-${SPAN}-00`));
    expect(context).toMatchObject({ sampled: false, continued: true, traceId: TRACE, phases: undefined });
    expect(context.lines).toBe(`\r\ntraceparent: 00-${TRACE}-${context.spanId}-00`);
  });

  it('begins a trace of its own where there is none to continue', () => {
    const tracer = new RequestTracer({ sampleRate: 1 });
    for (const each of [request(), calledBy('nonsense')]) {
      const context = tracer.begin(each);
      expect(context).toMatchObject({ sampled: true, continued: false });
      expect(parseTraceparent(traceparentIn(context.lines))?.traceId).toBe(context.traceId);
      expect(context.parentSpanId).toBe('');
    }
  });

  it('samples the configured share', () => {
    let chance = 0;
    const tracer = new RequestTracer({ sampleRate: 0.25, chance: () => chance });
    const sampled = [0, 0.2, 0.25, 0.9].map((each) => {
      chance = each;
      return tracer.begin(request()).sampled;
    });
    expect(sampled).toEqual([true, true, false, false]);
  });

  it('never gives an id twice', () => {
    const tracer = new RequestTracer({ sampleRate: 1 });
    const ids = new Set<string>();
    for (let n = 0; n < 2000; n++) {
      const context = tracer.begin(request());
      ids.add(context.traceId).add(context.spanId).add(traceparentIn(context.lines).slice(36, 52));
    }
    expect(ids.size).toBe(6000);
  });
});

describe('a trace that is carried', () => {
  const SHORT = TRACE.slice(16);
  const PADDED = SHORT.padStart(32, '0');
  const OTHER = 'a'.repeat(32);
  const begin = (formats: readonly TraceFormatName[], fields: Fields) =>
    new RequestTracer({ sampleRate: 0, formats }).begin(request(fields));

  it.each<[string, TraceFormatName, Fields, string, boolean]>([
    ['b3', 'b3', { b3: `${TRACE}-${SPAN}-1` }, TRACE, true],
    ['b3 with a parent', 'b3', { b3: `${TRACE}-${SPAN}-1-${SPAN}` }, TRACE, true],
    ['b3 for debugging', 'b3', { b3: `${TRACE}-${SPAN}-d` }, TRACE, true],
    ['b3 with a short id', 'b3', { b3: `${SHORT}-${SPAN}-0` }, PADDED, false],
    ['b3 that leaves it to us', 'b3', { b3: `${TRACE}-${SPAN}` }, TRACE, false],
    ['X-B3-*', 'b3-multi', { 'x-b3-traceid': TRACE, 'x-b3-spanid': SPAN, 'x-b3-sampled': '1' }, TRACE, true],
    [
      'X-B3-Flags',
      'b3-multi',
      { 'x-b3-traceid': SHORT, 'x-b3-spanid': SPAN, 'x-b3-flags': '1' },
      PADDED,
      true,
    ],
    ['uber-trace-id', 'jaeger', { 'uber-trace-id': `${TRACE}:${SPAN}:0:1` }, TRACE, true],
    ['a short uber-trace-id', 'jaeger', { 'uber-trace-id': `${SHORT}:${SPAN}:0:0` }, PADDED, false],
  ])('by %s goes on', (_what, format, fields, traceId, sampled) => {
    const context = begin([format], fields);
    expect(context).toMatchObject({ traceId, sampled, continued: false });
    if (sampled) expect(context.parentSpanId).toBe(SPAN);
  });

  it.each<[string, TraceFormatName, Fields]>([
    ['b3 that is nonsense', 'b3', { b3: 'nonsense' }],
    ['b3 of zeros', 'b3', { b3: `${'0'.repeat(32)}-${SPAN}-1` }],
    ['X-B3-* without a span', 'b3-multi', { 'x-b3-traceid': TRACE, 'x-b3-sampled': '1' }],
    ['uber-trace-id without flags', 'jaeger', { 'uber-trace-id': `${TRACE}:${SPAN}:0` }],
    ['a format that is not asked for', 'w3c', { b3: `${TRACE}-${SPAN}-1` }],
  ])('by %s does not', (_what, format, fields) => {
    const context = begin([format], fields);
    expect(context.traceId).not.toBe(TRACE);
    expect(context.sampled).toBe(false);
  });

  it('may only say whether to sample', () => {
    expect(begin(['b3'], { b3: '1' })).toMatchObject({ sampled: true, parentSpanId: '' });
    expect(begin(['b3-multi'], { 'x-b3-sampled': '1' })).toMatchObject({ sampled: true, parentSpanId: '' });
    const always = new RequestTracer({ sampleRate: 1, formats: ['b3'] });
    expect(always.begin(request({ b3: '0' })).sampled).toBe(false);
  });

  it('counts by the first format that is there, and goes to backends in all of them', () => {
    const fields = { traceparent: `00-${OTHER}-${SPAN}-01`, b3: `${TRACE}-${SPAN}-1` };
    const context = begin(['b3', 'w3c', 'b3-multi', 'jaeger'], fields);
    expect(context).toMatchObject({ traceId: TRACE, continued: false });
    expect(context.fields).toEqual({ w3c: true, b3: true, jaeger: true });
    const id = context.trySpanId;
    expect(context.lines.split('\r\n').slice(1)).toEqual([
      `b3: ${TRACE}-${id}-1-${context.spanId}`,
      `traceparent: 00-${TRACE}-${id}-01`,
      `X-B3-TraceId: ${TRACE}`,
      `X-B3-SpanId: ${id}`,
      `X-B3-ParentSpanId: ${context.spanId}`,
      'X-B3-Sampled: 1',
      `uber-trace-id: ${TRACE}:${id}:${context.spanId}:1`,
    ]);
    expect(begin(['w3c', 'b3'], fields)).toMatchObject({ traceId: OTHER, continued: true });
  });
});
