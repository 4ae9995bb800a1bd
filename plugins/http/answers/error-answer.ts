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

/** The answer with another body. */
export function withBody(answer: Answer, contentType: string, body: string): Answer {
  return { ...answer, contentType, body };
}
