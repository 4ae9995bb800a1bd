import type { ErrorCode } from '../../../src/errors.ts';
import type { Logger, LogFields } from '../../../src/plugin-api/index.ts';
import type { ExchangeFacts } from './exchange-facts.ts';
import { LOOK_ALIKE } from '../message/field-names.ts';
import type { RequestHead } from '../message/message-head.ts';
import type { MessageFault } from '../message/refusal/message-fault.ts';
import type { Refusal } from '../message/refusal/refusal.ts';

/** Failures of a backend: what exactly it did wrong is in no field of the access log. */
const BACKEND_FAILURES: ReadonlySet<ErrorCode> = new Set([
  'connect_failed',
  'connect_timeout',
  'backend_reset',
  'backend_protocol',
  'backend_timeout',
]);

/** The lines of one exchange. Those for `debug` cost even when they are not written: ask `debugEnabled` first. */
export function logReceived(exchange: ExchangeFacts, head: RequestHead): void {
  exchange.instance.host.logger.debug('Request received', {
    ...ids(exchange),
    method: exchange.method,
    path: exchange.path,
    client_ip: exchange.clientAddress,
    dropped_headers: lookAlikes(head),
  });
}

/** The names that `underscore_headers` keeps from the backend; undefined when there are none. */
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

export function logCompleted(exchange: ExchangeFacts): void {
  exchange.instance.host.logger.debug('Request completed', {
    ...ids(exchange),
    status: exchange.status,
    duration_ms: exchange.durationMs,
    bytes: exchange.bytesSent,
    error: exchange.error,
  });
}

/** At `warn`, as the operator of the proxy is not to blame, but should know. */
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

/** Tells what is wrong in a backend's response that is served although the grammar does not allow it. */
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

/** Tells why a request is refused. At `debug`, because a client can send as many such requests as it likes. */
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
