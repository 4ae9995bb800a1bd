import { SpanKind } from '@opentelemetry/api';
import type { ErrorCode } from '../../../errors.ts';
import type { ExchangeRecord, MirrorRecord, TunnelRecord } from '../../../plugin-api/telemetry.ts';
import type { FailedTry, TracePhases, TunnelTrace } from '../../../plugin-api/tracing.ts';
import type { Backend } from '../../../plugin-api/backend.ts';
import type { TelemetrySubscriber } from '../../telemetry.ts';
import { ExchangeTrace } from '../context/exchange-trace.ts';
import { RecordedSpan, type SpanFacts, type SpanOrigin } from './recorded-span.ts';
import type { RequestTracer } from '../context/request-tracer.ts';
import {
  exchangeAttributes,
  mirrorAttributes,
  selectionAttributes,
  tryAttributes,
  tunnelAttributes,
} from './span-attributes.ts';
import { TraceIds } from '../context/trace-ids.ts';

export interface ExchangeSpansOptions {
  /** Begins the traces whose exchanges become spans. */
  readonly tracer: RequestTracer;
  /** The service and library that the spans name as their origin; undefined: no spans are made. */
  readonly origin: SpanOrigin | undefined;
  /** Takes the finished spans. */
  readonly queue: { readonly full: boolean; add(span: RecordedSpan): void; drop(count: number): void };
}

/** The failure of a span that is in error because of its status, which its attributes show already. */
const BY_STATUS = '';
/** The name of a span of a request whose method could not be read. */
const UNKNOWN_METHOD = 'HTTP';

const ERRORS_OF_BACKENDS: ReadonlySet<ErrorCode> = new Set([
  'connect_failed',
  'connect_timeout',
  'backend_reset',
  'backend_protocol',
  'backend_timeout',
  'backend_tls',
]);

/**
 * Turns the record of a sampled exchange into spans. This happens after the exchange has ended, with the times of the record, so that the
 * data path never waits for tracing:
 *
 *     GET /api/users
 *     ├── proxy: select_backend
 *     ├── backend: GET http://10.0.0.1:8080/api/users
 *     └── proxy: transform_response
 *
 * Each failed try is one more `backend:` span, and a copy for a mirror one of the name `mirror:`, which may end after all others. A tunnel has a span of its own: below the request that became the tunnel, or, where there was
 * no request, in a trace of its own.
 */
export class ExchangeSpans implements TelemetrySubscriber {
  readonly detailed = true;
  readonly tracer: RequestTracer;
  readonly #origin: SpanOrigin | undefined;
  readonly #queue: ExchangeSpansOptions['queue'];
  readonly #ids = new TraceIds();

  constructor(options: ExchangeSpansOptions) {
    this.tracer = options.tracer;
    this.#origin = options.origin;
    this.#queue = options.queue;
  }

  exchange(record: ExchangeRecord): void {
    const context = record.trace;
    const origin = this.#origin;
    if (origin === undefined || !(context instanceof ExchangeTrace) || !context.sampled) return;
    if (this.#queue.full) {
      this.#queue.drop(spansOf(record, context.phases));
      return;
    }
    if (context.phases !== undefined) this.#addPhases(origin, record, context, context.phases);
    this.#add(origin, {
      name: record.method === '' ? UNKNOWN_METHOD : `${record.method} ${record.path}`,
      kind: SpanKind.SERVER,
      traceId: context.traceId,
      spanId: context.spanId,
      parentSpanId: context.parentSpanId,
      parentIsRemote: context.parentSpanId !== '',
      startMs: record.startedAtMs,
      endMs: record.startedAtMs + record.durationMs,
      attributes: exchangeAttributes(record),
      failure: isServerFault(record) ? (record.error ?? BY_STATUS) : undefined,
    });
  }

  tunnel(record: TunnelRecord): void {
    const origin = this.#origin;
    if (origin === undefined) return;
    const trace = this.#traceOf(record);
    if (!trace.sampled) return;
    if (this.#queue.full) {
      this.#queue.drop(1);
      return;
    }
    this.#add(origin, {
      name: `tunnel: ${record.protocol} ${record.backend?.address ?? 'none'}`,
      kind: trace.parentSpanId === '' ? SpanKind.SERVER : SpanKind.INTERNAL,
      traceId: trace.traceId,
      spanId: trace.spanId,
      parentSpanId: trace.parentSpanId,
      parentIsRemote: false,
      startMs: record.startedAtMs,
      endMs: record.startedAtMs + record.durationMs,
      attributes: tunnelAttributes(record, trace.parentSpanId === ''),
      // A client that leaves is not an error.
      failure: record.error === 'client_abort' ? undefined : record.error,
    });
  }

  mirrored(record: MirrorRecord): void {
    const { trace, spanId, backend, status, error, method } = record;
    const origin = this.#origin;
    if (origin === undefined || backend === undefined || spanId === undefined || trace?.sampled !== true)
      return;
    if (this.#queue.full) {
      this.#queue.drop(1);
      return;
    }
    const { phases, traceId, spanId: parentSpanId } = trace;
    const path = phases === undefined || phases.upstreamPath === '' ? record.path : phases.upstreamPath;
    const attributes = mirrorAttributes(record, backend, path);
    this.#add(origin, {
      name: `mirror: ${method} ${path}`,
      kind: SpanKind.CLIENT,
      traceId,
      spanId,
      parentSpanId,
      parentIsRemote: false,
      startMs: record.startedAtMs,
      endMs: record.startedAtMs + record.durationMs,
      attributes,
      failure: error ?? (status >= 400 ? BY_STATUS : undefined),
    });
  }

  /** The tunnel's trace context, from its begin. A plugin may have left it out; then it is made now. */
  #traceOf({ trace }: TunnelRecord): TunnelTrace {
    return trace === undefined || trace instanceof ExchangeTrace ? this.tracer.beginTunnel(trace) : trace;
  }

  #addPhases(origin: SpanOrigin, record: ExchangeRecord, context: ExchangeTrace, phases: TracePhases): void {
    const { selectStartMs, backendStartMs, responseHeadMs } = phases;
    if (selectStartMs >= 0) {
      const failure = backendStartMs < 0 ? record.error : undefined;
      const attributes = selectionAttributes(record);
      const endMs = phases.selectEndMs >= 0 ? phases.selectEndMs : record.durationMs;
      const name = 'proxy: select_backend';
      this.#addStep(origin, record, context, { name, startMs: selectStartMs, endMs, attributes, failure });
    }
    for (const failed of record.failedTries ?? [])
      this.#addFailedTry(origin, record, context, phases, failed);
    if (backendStartMs >= 0 && record.backend !== undefined) {
      this.#addBackend(origin, record, context, phases, record.backend);
    }
    if (responseHeadMs >= 0) {
      const attributes = { 'http.response.status_code': record.status };
      const endMs = phases.headSentMs;
      const name = 'proxy: transform_response';
      const step = { name, startMs: responseHeadMs, endMs, attributes, failure: undefined };
      this.#addStep(origin, record, context, step);
    }
  }

  #addFailedTry(
    origin: SpanOrigin,
    record: ExchangeRecord,
    context: ExchangeTrace,
    phases: TracePhases,
    { backend, startMs, endMs, error, status, spanId, isOutrun }: FailedTry,
  ): void {
    const url = urlOf(record, phases, backend);
    const attributes = tryAttributes(record.method, url, backend);
    if (status !== 0) {
      attributes['http.status_code'] = status;
      attributes['http.response.status_code'] = status;
    }
    const name = `backend: ${record.method} ${url}`;
    const kind = SpanKind.CLIENT;
    if (isOutrun === true) attributes['balance.hedge'] = 'lost';
    const failure = isOutrun === true ? undefined : (error ?? BY_STATUS);
    const step = { name, kind, startMs, endMs, attributes, failure };
    // A try that reached its backend has a span id already, which the backend was told.
    this.#addStep(origin, record, context, spanId === undefined ? step : { ...step, spanId });
  }

  #addBackend(
    origin: SpanOrigin,
    record: ExchangeRecord,
    context: ExchangeTrace,
    phases: TracePhases,
    backend: Backend,
  ): void {
    const { error, status } = record;
    const answered = phases.responseHeadMs >= 0;
    let failure: string | undefined;
    if (error !== undefined && ERRORS_OF_BACKENDS.has(error)) failure = error;
    else if (answered && status >= 400) failure = BY_STATUS;
    const url = urlOf(record, phases, backend);
    const attributes = tryAttributes(record.method, url, backend);
    if (answered) {
      attributes['http.status_code'] = status;
      attributes['http.response.status_code'] = status;
    }
    // A try beside this one began later.
    const before = record.failedTries?.filter(({ startMs }) => startMs <= phases.backendStartMs).length ?? 0;
    if (before > 0) attributes['http.request.resend_count'] = before;
    this.#addStep(origin, record, context, {
      name: `backend: ${record.method} ${url}`,
      kind: SpanKind.CLIENT,
      spanId: context.trySpanId,
      startMs: phases.backendStartMs,
      endMs: phases.backendEndMs >= 0 ? phases.backendEndMs : record.durationMs,
      attributes,
      failure,
    });
  }

  #addStep(origin: SpanOrigin, record: ExchangeRecord, context: ExchangeTrace, step: Step): void {
    this.#add(origin, {
      name: step.name,
      kind: step.kind ?? SpanKind.INTERNAL,
      traceId: context.traceId,
      spanId: step.spanId ?? this.#ids.spanId(),
      parentSpanId: context.spanId,
      parentIsRemote: false,
      startMs: record.startedAtMs + step.startMs,
      endMs: record.startedAtMs + step.endMs,
      attributes: step.attributes,
      failure: step.failure,
    });
  }

  #add(origin: SpanOrigin, facts: SpanFacts): void {
    const { failure, attributes } = facts;
    if (failure === BY_STATUS) attributes['error.type'] = String(attributes['http.response.status_code']);
    else if (failure !== undefined) attributes['error.type'] = failure;
    this.#queue.add(new RecordedSpan(origin, facts));
  }
}

/** A span below the exchange's own span. Its times are in ms after {@link ExchangeRecord.startedAtMs}. */
type Step = Pick<SpanFacts, 'name' | 'startMs' | 'endMs' | 'attributes' | 'failure'> &
  // Default: an internal span with a new id.
  Partial<Pick<SpanFacts, 'kind' | 'spanId'>>;

function spansOf({ failedTries = [] }: ExchangeRecord, phases: TracePhases | undefined): number {
  if (phases === undefined) return 1;
  const { selectStartMs, backendStartMs, responseHeadMs } = phases;
  return (
    1 +
    failedTries.length +
    Number(selectStartMs >= 0) +
    Number(backendStartMs >= 0) +
    Number(responseHeadMs >= 0)
  );
}

/** The URL that a backend was asked for. */
function urlOf({ path }: ExchangeRecord, phases: TracePhases, { address }: Backend): string {
  const { upstreamPath, upstreamSecure = false } = phases;
  return `${upstreamSecure ? 'https' : 'http'}://${address}${upstreamPath === '' ? path : upstreamPath}`;
}

/** Whether the server's span is in error: when the fault is the proxy's or the backend's, not the client's. */
function isServerFault(record: ExchangeRecord): boolean {
  if (record.status >= 500) return true;
  return record.error !== undefined && record.error !== 'client_abort' && !(record.status >= 400);
}
