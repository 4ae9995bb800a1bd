import type * as otel from '@opentelemetry/api';
import type { ErrorCode } from '../errors.ts';
import type { ExchangeRecord, TunnelRecord } from '../plugin-api/telemetry.ts';
import type { FailedTry, TracePhases } from '../plugin-api/tracing.ts';
import type { Backend } from '../plugin-api/upstream.ts';
import type { TelemetrySubscriber } from './channels.ts';
import { isRecorded } from './request-tracer.ts';
import type { RecordedContext, RequestTracer } from './request-tracer.ts';

/** Gives the next span and trace the ids that were fixed when the request came. */
export interface FixedIds {
  traceId: string;
  spanId: string;
}

export interface ExchangeSpansOptions {
  readonly api: typeof otel;
  /** Begins the traces whose exchanges become spans here. */
  readonly tracer: RequestTracer;
  readonly spans: otel.Tracer;
  /** The SDK's id generator returns these; where the span id is '' it makes one up. */
  readonly ids: FixedIds;
  /** Where the spans end up. */
  readonly queue: { readonly full: boolean; drop(count: number): void };
}

const ERRORS_OF_BACKENDS: ReadonlySet<ErrorCode> = new Set([
  'connect_failed',
  'connect_timeout',
  'backend_reset',
  'backend_protocol',
  'backend_timeout',
]);
const LONGEST_NAME = 256;

/**
 * Turns the record of a sampled exchange into spans, after the fact and with the times of the record, so that the
 * data path never waits for tracing:
 *
 *     GET /api/users
 *     ├── proxy: select_backend
 *     ├── backend: GET http://10.0.0.1:8080/api/users
 *     └── proxy: transform_response
 *
 * A try that came to nothing is one more `backend:` span. A tunnel is a span of its own: below the request that became it,
 * or, where there was none, a trace by itself.
 */
export class ExchangeSpans implements TelemetrySubscriber {
  readonly detailed = true;
  readonly tracer: RequestTracer;
  readonly #api: typeof otel;
  readonly #spans: otel.Tracer;
  readonly #ids: FixedIds;
  readonly #queue: ExchangeSpansOptions['queue'];

  constructor(options: ExchangeSpansOptions) {
    this.tracer = options.tracer;
    this.#api = options.api;
    this.#spans = options.spans;
    this.#ids = options.ids;
    this.#queue = options.queue;
  }

  exchange(record: ExchangeRecord): void {
    const context = record.trace;
    if (context === undefined || !isRecorded(context)) return;
    if (this.#queue.full) {
      this.#queue.drop(spansOf(context.phases));
      return;
    }
    const endMs = record.startedAtMs + record.durationMs;
    const root = this.#startRoot(record, context);
    const children = this.#api.trace.setSpan(this.#api.ROOT_CONTEXT, root);
    if (context.phases !== undefined) this.#recordPhases(record, context, context.phases, children);
    root.end(timeOf(Math.max(endMs, record.startedAtMs)));
  }

  tunnel(record: TunnelRecord): void {
    const { trace } = record;
    if (trace === undefined ? !this.tracer.isChosen() : !isRecorded(trace)) return;
    if (this.#queue.full) {
      this.#queue.drop(1);
      return;
    }
    const api = this.#api;
    const parent = trace === undefined ? api.ROOT_CONTEXT : this.#remote(trace.traceId, trace.spanId);
    this.#ids.traceId = trace?.traceId ?? '';
    const endMs = record.startedAtMs + record.durationMs;
    const span = this.#start('', parent, {
      name: `tunnel: ${record.protocol} ${record.backend?.address ?? 'none'}`,
      kind: trace === undefined ? api.SpanKind.SERVER : api.SpanKind.INTERNAL,
      startMs: record.startedAtMs,
      attributes: tunnelAttributes(record),
    });
    // Who only leaves is no fault of ours.
    if (record.error !== undefined && record.error !== 'client_abort')
      this.#markError(span, record.error, endMs);
    else if (record.error !== undefined) span.setAttribute('error.type', record.error);
    span.end(timeOf(endMs));
  }

  #startRoot(record: ExchangeRecord, context: RecordedContext): otel.Span {
    const api = this.#api;
    const parent =
      context.parentSpanId === '' ? api.ROOT_CONTEXT : this.#remote(context.traceId, context.parentSpanId);
    this.#ids.traceId = context.traceId;
    const span = this.#start(context.spanId, parent, {
      name: `${record.method} ${record.path}`,
      kind: api.SpanKind.SERVER,
      startMs: record.startedAtMs,
      attributes: rootAttributes(record),
    });
    if (isServerFault(record)) {
      this.#markError(span, record.error ?? String(record.status), record.startedAtMs + record.durationMs);
    } else if (record.error !== undefined) {
      span.setAttribute('error.type', record.error);
    }
    return span;
  }

  /** A span that is not made here, as a parent. */
  #remote(traceId: string, spanId: string): otel.Context {
    const { ROOT_CONTEXT, trace, TraceFlags } = this.#api;
    return trace.setSpanContext(ROOT_CONTEXT, {
      traceId,
      spanId,
      traceFlags: TraceFlags.SAMPLED,
      isRemote: true,
    });
  }

  #recordPhases(
    record: ExchangeRecord,
    context: RecordedContext,
    phases: TracePhases,
    parent: otel.Context,
  ): void {
    const api = this.#api;
    const at = (offsetMs: number): number => record.startedAtMs + offsetMs;
    if (phases.selectStartMs >= 0) {
      const span = this.#start('', parent, {
        name: 'proxy: select_backend',
        kind: api.SpanKind.INTERNAL,
        startMs: at(phases.selectStartMs),
        attributes: {
          'balance.upstream': record.upstream,
          'balance.algorithm': record.algorithm,
          backend: record.backend?.name ?? 'none',
        },
      });
      const end = phases.selectEndMs >= 0 ? phases.selectEndMs : record.durationMs;
      if (record.error !== undefined && phases.backendStartMs < 0)
        this.#markError(span, record.error, at(end));
      span.end(timeOf(at(Math.max(end, phases.selectStartMs))));
    }
    for (const failed of phases.failedTries) this.#recordFailedTry(record, failed, phases, parent);
    if (phases.backendStartMs >= 0 && record.backend !== undefined) {
      this.#recordBackend(record, record.backend, context, phases, parent);
    }
    if (phases.responseHeadMs >= 0) {
      const span = this.#start('', parent, {
        name: 'proxy: transform_response',
        kind: api.SpanKind.INTERNAL,
        startMs: at(phases.responseHeadMs),
        attributes: { 'http.response.status_code': record.status },
      });
      span.end(timeOf(at(Math.max(phases.headSentMs, phases.responseHeadMs))));
    }
  }

  #recordFailedTry(
    record: ExchangeRecord,
    { backend, startMs, endMs, error }: FailedTry,
    phases: TracePhases,
    parent: otel.Context,
  ): void {
    const at = record.startedAtMs;
    const span = this.#start('', parent, {
      kind: this.#api.SpanKind.CLIENT,
      startMs: at + startMs,
      ...backendSpan(record, backend, phases),
    });
    this.#markError(span, error, at + endMs);
    span.end(timeOf(at + Math.max(endMs, startMs)));
  }

  #recordBackend(
    record: ExchangeRecord,
    backend: Backend,
    context: RecordedContext,
    phases: TracePhases,
    parent: otel.Context,
  ): void {
    const api = this.#api;
    const answered = phases.responseHeadMs >= 0;
    const span = this.#start(context.backendSpanId, parent, {
      kind: api.SpanKind.CLIENT,
      startMs: record.startedAtMs + phases.backendStartMs,
      ...backendSpan(record, backend, phases),
    });
    if (answered) {
      span.setAttribute('http.status_code', record.status);
      span.setAttribute('http.response.status_code', record.status);
    }
    const tries = phases.failedTries.length;
    if (tries > 0) span.setAttribute('http.request.resend_count', tries);
    const endMs = phases.backendEndMs >= 0 ? phases.backendEndMs : record.durationMs;
    const end = record.startedAtMs + Math.max(endMs, phases.backendStartMs);
    if (record.error !== undefined && ERRORS_OF_BACKENDS.has(record.error)) {
      this.#markError(span, record.error, end);
    } else if (answered && record.status >= 400) {
      this.#markError(span, String(record.status), end);
    }
    span.end(timeOf(end));
  }

  #start(spanId: string, parent: otel.Context, span: SpanDescription): otel.Span {
    this.#ids.spanId = spanId;
    return this.#spans.startSpan(
      span.name.length > LONGEST_NAME ? `${span.name.slice(0, LONGEST_NAME)}…` : span.name,
      { kind: span.kind, startTime: timeOf(span.startMs), attributes: span.attributes },
      parent,
    );
  }

  #markError(span: otel.Span, type: string, atMs: number): void {
    span.setStatus({ code: this.#api.SpanStatusCode.ERROR, message: type });
    span.setAttribute('error.type', type);
    span.addEvent('exception', { 'exception.type': type }, timeOf(atMs));
  }
}

function spansOf(phases: TracePhases | undefined): number {
  if (phases === undefined) return 1;
  const { selectStartMs, backendStartMs, responseHeadMs, failedTries } = phases;
  return (
    1 +
    failedTries.length +
    Number(selectStartMs >= 0) +
    Number(backendStartMs >= 0) +
    Number(responseHeadMs >= 0)
  );
}

interface SpanDescription {
  readonly name: string;
  readonly kind: otel.SpanKind;
  readonly startMs: number;
  readonly attributes: otel.Attributes;
}

/** Name and attributes of the span of a try on a backend. */
function backendSpan(
  { method, path }: ExchangeRecord,
  { name, address }: Backend,
  { upstreamPath }: TracePhases,
): { name: string; attributes: otel.Attributes } {
  const url = `http://${address}${upstreamPath === '' ? path : upstreamPath}`;
  return {
    name: `backend: ${method} ${url}`,
    attributes: {
      backend: name,
      'http.method': method,
      'http.url': url,
      'http.request.method': method,
      'url.full': url,
      'server.address': address,
    },
  };
}

function tunnelAttributes(record: TunnelRecord): otel.Attributes {
  const attributes: otel.Attributes = {
    'client.address': record.clientAddress,
    'network.protocol.name': record.protocol,
    'balance.listener': record.listener,
    'balance.upstream': record.upstream,
    'balance.bytes_received': record.bytesReceived,
    'balance.bytes_sent': record.bytesSent,
    'balance.ended_by': record.endedBy,
    backend: record.backend?.name ?? 'none',
  };
  if (record.backend !== undefined) attributes['server.address'] = record.backend.address;
  if (record.requestId !== '') attributes['balance.request_id'] = record.requestId;
  return attributes;
}

/** The names in use until 2023 beside those of today's semantic conventions: dashboards know either. */
function rootAttributes(record: ExchangeRecord): otel.Attributes {
  const attributes: otel.Attributes = {
    'http.method': record.method,
    'http.status_code': record.status,
    'http.request.method': record.method,
    'http.response.status_code': record.status,
    'url.path': record.path,
    'url.scheme': 'http',
    'client.address': record.clientAddress,
    'network.protocol.version': record.protocol.slice(record.protocol.indexOf('/') + 1),
    'balance.listener': record.listener,
    backend: record.backend?.name ?? 'none',
  };
  if (record.host !== '') attributes['server.address'] = record.host;
  if (record.userAgent !== '') attributes['user_agent.original'] = record.userAgent;
  if (record.requestId !== '') attributes['balance.request_id'] = record.requestId;
  if (record.route !== '') attributes['balance.route'] = record.route;
  return attributes;
}

/** A server's span is in error when the server is to blame, not when its client is. */
function isServerFault(record: ExchangeRecord): boolean {
  if (record.status >= 500) return true;
  return record.error !== undefined && record.error !== 'client_abort' && !(record.status >= 400);
}

/** Seconds and nanoseconds; from whole microseconds, more a double of milliseconds since 1970 does not hold. */
function timeOf(ms: number): [seconds: number, nanoseconds: number] {
  const microseconds = Math.round(ms * 1000);
  const seconds = Math.floor(microseconds / 1_000_000);
  return [seconds, (microseconds - seconds * 1_000_000) * 1000];
}
