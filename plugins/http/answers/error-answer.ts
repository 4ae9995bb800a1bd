import { reasonPhrase, type Answer } from '../message/answer.ts';

/** Further lines of error responses by status. */
const ERROR_FIELDS: Readonly<Record<number, string>> = {
  // All methods but CONNECT are served.
  405: 'Allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, TRACE\r\n',
  // A retry soon makes sense: a backend may recover, or a queue may empty.
  503: 'Retry-After: 1\r\n',
};

/** The answer to a request that failed: a short reason and the request id to find it in the logs; nothing about backends or the config. */
export function errorAnswer(status: number, reason: string, requestId: string, asJson: boolean): Answer {
  const phrase = reasonPhrase(status);
  const fields = ERROR_FIELDS[status] ?? '';
  if (asJson) {
    const body = `${JSON.stringify({ status, error: phrase, reason, request_id: requestId })}\n`;
    return { status, contentType: 'application/json', body, fields };
  }
  const body = `${String(status)} ${phrase}: ${reason}\nrequest id: ${requestId}\n`;
  return { status, contentType: 'text/plain; charset=utf-8', body, fields };
}

/** The answer with another body. */
export function withBody(answer: Answer, contentType: string, body: string): Answer {
  return { ...answer, contentType, body };
}
