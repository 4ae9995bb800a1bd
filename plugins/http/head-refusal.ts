import type { Connection } from '../../src/plugin-api/index.ts';
import { answerText } from './answer.ts';
import { excerpt } from './excerpt.ts';
import { logRefused } from './exchange-lines.ts';
import type { HttpInstance } from './http-instance.ts';
import { INVALID, type MessageReader, type Progress } from './message-reader.ts';
import { refusedRecord } from './records.ts';
import { refuseRequest, type Refusal } from './refusal.ts';
import { LARGE_HEAD, LONG_LINE } from './request-check.ts';

/** The bytes of a client are no request, or the head of the request is larger than it may be: `progress` tells which. */
export function refuseHead(reader: MessageReader, progress: Progress): Refusal {
  const { rule, reason, field, excerpt: shown } = reader.fault;
  if (progress === INVALID) return refuseRequest({ rule, reason, status: 400 }, field, shown);
  if (reader.hasOnlyTarget) return refuseRequest(LONG_LINE, '', excerpt(reader.rejected.toString('latin1')));
  return refuseRequest({ ...LARGE_HEAD, rule }, field);
}

/** Answers bytes that are no request, or not a complete one, and tells telemetry and the log. There is no exchange for them. */
export function answerRefusedHead(
  { listener, remoteAddress, stream }: Connection,
  { parts, host, errorPages, date }: HttpInstance,
  reader: MessageReader,
  refusal: Refusal,
): void {
  const requestId = parts.requestIds.next();
  const { logger, telemetry } = host;
  telemetry.exchange(refusedRecord(listener, remoteAddress, requestId, refusal));
  if (logger.debugEnabled) logRefused(logger, refusal, { request_id: requestId, client_ip: remoteAddress });
  const answer = errorPages.answer(refusal.status, refusal.reason, requestId, false);
  const lines = `X-Request-ID: ${requestId}\r\nConnection: close\r\n`;
  // The answer to a HEAD request has no body, even when the request's head is not complete.
  const method = reader.beginsWith('HEAD ') ? 'HEAD' : '';
  stream.writeText(answerText(answer, date.text, method, lines));
}
