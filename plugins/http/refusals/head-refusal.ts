import type { ErrorCode } from '../../../src/errors.ts';
import { answerText } from '../answers/answer.ts';
import { targetExcerpt } from '../message/excerpt.ts';
import { logRefused } from '../records/exchange-lines.ts';
import type { HttpConnection } from '../h1/server-connection.ts';
import type { HttpInstance } from '../instance/http-instance.ts';
import { INVALID, type MessageReader, type Progress } from '../h1/parse/message-reader.ts';
import { CLIENT_LEFT, unservedRecord } from '../records/records.ts';
import { refuseRequest, type Refusal } from '../message/refusal.ts';
import { LARGE_HEAD, LONG_LINE } from './request-check.ts';

/** The bytes of a client are no request, or the head of the request is larger than it may be: `progress` tells which. */
export function refuseHead(reader: MessageReader, progress: Progress): Refusal {
  const { rule, reason, field, excerpt: shown } = reader.fault;
  if (progress === INVALID) return refuseRequest({ rule, reason, status: 400 }, field, shown);
  if (reader.hasLongTarget)
    return refuseRequest(LONG_LINE, '', targetExcerpt(reader.arrived.toString('latin1')));
  return refuseRequest({ ...LARGE_HEAD, rule }, field);
}

/**
 * Answers bytes that are no request, or not a complete one, and tells telemetry and the log what was read of it. There is no exchange
 * for it.
 *
 * @param begunAtMs when its first byte came, on the clock of `performance`
 */
export function answerRefusedHead(
  connection: HttpConnection,
  instance: HttpInstance,
  refusal: Refusal,
  begunAtMs: number,
): void {
  const { status, code, reason } = refusal;
  const { logger, telemetry } = instance.host;
  const record = unservedRecord(connection, instance, begunAtMs);
  const { requestId, method, path, traceId, spanId, clientAddress } = record;
  const answer = instance.errorPages.answer(status, reason, requestId, false);
  // The answer to a HEAD request has no body, even when the request's head is not complete.
  const bytesSent = method === 'HEAD' ? 0 : Buffer.byteLength(answer.body);
  telemetry.exchange({ ...record, status, bytesSent, error: code, refusal });
  if (logger.debugEnabled) {
    const trace = traceId === '' ? {} : { trace_id: traceId, span_id: spanId };
    logRefused(logger, refusal, { ...trace, request_id: requestId, method, path, client_ip: clientAddress });
  }
  const lines = `X-Request-ID: ${requestId}\r\nConnection: close\r\n`;
  connection.connection.stream.writeText(answerText(answer, instance.date.text, method, lines));
}

/** The connection ended within the head of a request: tells telemetry what was read of it. `begunAtMs` as above. */
export function noteUnfinishedHead(
  connection: HttpConnection,
  instance: HttpInstance,
  error: ErrorCode,
  begunAtMs: number,
): void {
  const record = unservedRecord(connection, instance, begunAtMs);
  instance.host.telemetry.exchange({ ...record, status: CLIENT_LEFT, bytesSent: 0, error });
}
