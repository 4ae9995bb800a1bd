import type { ErrorCode } from '../../../src/errors.ts';
import type { Logger, LogFields } from '../../../src/plugin-api/index.ts';
import type { ExchangeFacts } from './exchange-facts.ts';
import { LOOK_ALIKE } from '../message/field-names.ts';
import type { RequestHead } from '../message/message-head.ts';
import type { MessageFault, Refusal } from '../message/refusal/refusal.ts';

/** Failures that a line of their own explains, because the access log has no field for what the backend did wrong. */
const BACKEND_FAILURES: ReadonlySet<ErrorCode> = new Set([
  'connect_failed',
  'connect_timeout',
  'backend_tls',
  'backend_reset',
  'backend_protocol',
  'backend_timeout',
]);

/**
 * The head of a request is complete. Like the other `debug` lines it costs time even when it is not written: check `debugEnabled` first.
 */
export function logReceived(exchange: ExchangeFacts, head: RequestHead): void {
  exchange.instance.host.logger.debug('Request received', {
    ...ids(exchange),
    method: exchange.method,
    path: exchange.path,
    client_ip: exchange.clientAddress,
    dropped_headers: lookAlikes(head),
  });
}

/** The names of the fields that `underscore_headers` drops; undefined when there are none. */
function lookAlikes(head: RequestHead): string | undefined {
  const names: string[] = [];
  for (let field = 0; field < head.fields; field++) {
    if (head.ids[field] === LOOK_ALIKE) names.push(head.nameText(field));
  }
  return names.length === 0 ? undefined : names.join(', ');
}

export function logBackendSelected(exchange: ExchangeFacts): void {
  exchange.instance.host.logger.debug('Backend selected', {
    ...ids(exchange),
    backend: exchange.backendName,
    algorithm: exchange.algorithm,
  });
}

/** Says that a request is tried again. @param failure why: an error, or the status of a response */
export function logTriedAgain(
  exchange: ExchangeFacts,
  failure: ErrorCode | number | undefined,
  delayMs: number,
): void {
  exchange.instance.host.logger.debug('Request is tried again', {
    ...ids(exchange),
    upstream: exchange.upstream,
    backend: exchange.backendName,
    reason: failure,
    delay_ms: Math.round(delayMs),
  });
}

export function logCompleted(exchange: ExchangeFacts): void {
  exchange.instance.host.logger.debug('Request completed', {
    ...ids(exchange),
    status: exchange.status,
    duration_ms: exchange.durationMs,
    bytes: exchange.bytesSent,
    error: exchange.error,
  });
}

/** Says why a backend failed. At `warn`: the proxy itself works, but its operator should know. */
export function logBackendFailure(exchange: ExchangeFacts, code: ErrorCode, detail: string): void {
  if (!BACKEND_FAILURES.has(code)) return;
  exchange.instance.host.logger.warn('Backend failed', {
    ...exchange.logFields(),
    upstream: exchange.upstream,
    backend: exchange.backend?.name,
    error: code,
    reason: detail === '' ? undefined : detail,
    ...refusalFields(exchange.refusal),
  });
}

/** Says how a backend's response, which was passed on, breaks the grammar of HTTP. */
export function logIrregular(exchange: ExchangeFacts, oddity: MessageFault): void {
  const { rule, reason, field, excerpt } = oddity;
  exchange.instance.host.logger.warn(
    'Backend sends irregular responses: its connections are not used again',
    {
      ...exchange.logFields(),
      upstream: exchange.upstream,
      backend: exchange.backend?.name,
      reason,
      rule,
      field: field === '' ? undefined : field,
      excerpt: excerpt === '' ? undefined : excerpt,
    },
  );
}

/** Says why a request is refused. At `debug`, because a client can send as many such requests as it likes. */
export function logRefused(logger: Logger, refusal: Refusal, fields: LogFields): void {
  const { status, code, reason } = refusal;
  logger.debug('Request refused', { ...fields, status, error: code, reason, ...refusalFields(refusal) });
}

function refusalFields(refusal: Refusal | undefined): LogFields {
  if (refusal === undefined) return {};
  const { rule, field, excerpt } = refusal;
  return {
    rule,
    field: field === '' ? undefined : field,
    excerpt: excerpt === '' ? undefined : excerpt,
  };
}

function ids({ requestId, traceId, spanId }: ExchangeFacts): Record<string, string> {
  return traceId === ''
    ? { request_id: requestId }
    : { trace_id: traceId, span_id: spanId, request_id: requestId };
}
