import type { ErrorCode } from '../../../src/errors.ts';
import type { Answer } from '../../../src/plugin-api/index.ts';
import { reasonPhrase } from '../message/answer.ts';

/** The methods that `Allow` lists. Other methods are served too, except CONNECT. */
export const SERVED_METHODS = 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, TRACE';

/** Further fields of error responses by status. */
const ERROR_HEADERS: Readonly<Record<number, NonNullable<Answer['headers']>>> = {
  // All methods but CONNECT are served.
  405: { Allow: SERVED_METHODS },
  // The client may try again soon: a backend may recover, or a queue may empty.
  503: { 'Retry-After': '1' },
};

/** The answer to a request that failed: a short reason and the request id to find it in the logs; nothing about backends or the config. */
export function errorAnswer(status: number, reason: string, requestId: string, asJson: boolean): Answer {
  const phrase = reasonPhrase(status);
  const headers = ERROR_HEADERS[status] ?? {};
  if (asJson) {
    const body = `${JSON.stringify({ status, error: phrase, reason, request_id: requestId })}\n`;
    return { status, contentType: 'application/json', body, headers };
  }
  const body = `${String(status)} ${phrase}: ${reason}\nrequest id: ${requestId}\n`;
  return { status, contentType: 'text/plain; charset=utf-8', body, headers };
}

/**
 * A 503 with the code of its error for operators: whoever sees it at a client should learn which limit or breaker of the proxy made it, or
 * that it came from a backend. Also with the time after which the client may try again, if that is known. Other answers stay as they are.
 */
export function withReason(
  answer: Answer,
  code: ErrorCode | undefined,
  retryAfterMs: number | undefined,
): Answer {
  if (answer.status !== 503 || code === undefined) return answer;
  const headers = { ...answer.headers, 'X-Balance-Reason': code };
  if (retryAfterMs === undefined) return { ...answer, headers };
  const seconds = Math.max(1, Math.ceil(retryAfterMs / 1_000));
  return { ...answer, headers: { ...headers, 'Retry-After': String(seconds) } };
}

/** The answer with another body. */
export function withBody(answer: Answer, contentType: string, body: string): Answer {
  return { ...answer, contentType, body };
}
