import type { TraceCarrier } from '../../../plugin-api/tracing.ts';
import { formatTraceparent, parseTraceparent } from './trace-ids.ts';

/** What the trace fields of a request say. */
export interface TraceOrigin {
  /** '' when the request says only whether to sample. */
  readonly traceId: string;
  readonly spanId: string;
  /** undefined when the request leaves the decision to the proxy. */
  readonly sampled: boolean | undefined;
}

/** The trace context that a backend is told. */
export interface TracePlace {
  readonly traceId: string;
  readonly spanId: string;
  /** '' for a trace that begins here. */
  readonly parentSpanId: string;
  readonly sampled: boolean;
}

/** A format of request fields that carry a trace from one service to the next. */
export interface TraceFormat {
  /** Returns undefined when the request has no such fields, or invalid ones. */
  read(carrier: TraceCarrier): TraceOrigin | undefined;
  /** Returns the field lines, each with a CRLF before it. */
  write(place: TracePlace): string;
}

export type TraceFormatName = 'w3c' | 'b3' | 'b3-multi' | 'jaeger';

/** W3C Trace Context. */
const w3c: TraceFormat = {
  read(carrier) {
    const text = carrier.soleValueOf('traceparent');
    return text === undefined ? undefined : parseTraceparent(text);
  },
  write: ({ traceId, spanId, sampled }) => `\r\ntraceparent: ${formatTraceparent(traceId, spanId, sampled)}`,
};

/** Zipkin's `b3`: one field with everything. */
const b3: TraceFormat = {
  read(carrier) {
    const text = carrier.soleValueOf('b3');
    if (text === undefined) return undefined;
    if (/^[01d]$/.test(text)) return { traceId: '', spanId: '', sampled: text !== '0' };
    const [, traceId = '', spanId = '', decision] =
      /^([0-9a-f]{32}|[0-9a-f]{16})-([0-9a-f]{16})(?:-([01d])(?:-[0-9a-f]{16})?)?$/.exec(text) ?? [];
    return originOf(traceId, spanId, decision === undefined ? undefined : decision !== '0');
  },
  write({ traceId, spanId, parentSpanId, sampled }) {
    const parent = parentSpanId === '' ? '' : `-${parentSpanId}`;
    return `\r\nb3: ${traceId}-${spanId}-${sampled ? '1' : '0'}${parent}`;
  },
};

/** Zipkin's older form: one field for each part. */
const b3Multi: TraceFormat = {
  read(carrier) {
    const decision = carrier.soleValueOf('x-b3-flags') === '1' ? '1' : carrier.soleValueOf('x-b3-sampled');
    const sampled = decision === undefined ? undefined : /^(?:1|true)$/i.test(decision);
    const traceId = carrier.soleValueOf('x-b3-traceid') ?? '';
    if (traceId === '') return sampled === undefined ? undefined : { traceId: '', spanId: '', sampled };
    return originOf(traceId, carrier.soleValueOf('x-b3-spanid') ?? '', sampled);
  },
  write({ traceId, spanId, parentSpanId, sampled }) {
    const parent = parentSpanId === '' ? '' : `\r\nX-B3-ParentSpanId: ${parentSpanId}`;
    return `\r\nX-B3-TraceId: ${traceId}\r\nX-B3-SpanId: ${spanId}${parent}\r\nX-B3-Sampled: ${sampled ? '1' : '0'}`;
  },
};

/** Jaeger's `uber-trace-id`. Its ids may lack leading zeros. */
const jaeger: TraceFormat = {
  read(carrier) {
    const text = carrier.soleValueOf('uber-trace-id')?.replaceAll('%3A', ':');
    const match = /^([0-9a-f]{1,32}):([0-9a-f]{1,16}):[0-9a-f]{1,16}:([0-9a-f]{1,2})$/.exec(text ?? '');
    if (match === null) return undefined;
    const [, traceId = '', spanId = '', flags = ''] = match;
    return originOf(traceId, spanId.padStart(16, '0'), (Number.parseInt(flags, 16) & 1) === 1);
  },
  write: ({ traceId, spanId, parentSpanId, sampled }) =>
    `\r\nuber-trace-id: ${traceId}:${spanId}:${parentSpanId === '' ? '0' : parentSpanId}:${sampled ? '1' : '0'}`,
};

export const TRACE_FORMATS: Readonly<Record<TraceFormatName, TraceFormat>> = {
  w3c,
  b3,
  'b3-multi': b3Multi,
  jaeger,
};

/** Pads trace ids of 64 bits to 128 bits. An id of zeros only is not valid. */
function originOf(traceId: string, spanId: string, sampled: boolean | undefined): TraceOrigin | undefined {
  const hexadecimal = /^[0-9a-f]{1,32}$/.test(traceId) && /^[0-9a-f]{16}$/.test(spanId);
  if (!hexadecimal || /^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  return { traceId: traceId.padStart(32, '0'), spanId, sampled };
}
