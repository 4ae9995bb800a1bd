import { STATUS_CODES } from 'node:http';

/** A response that the proxy gives itself. */
export interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string | Buffer;
  /** Further field lines, each with its CRLF. */
  readonly fields: string;
}

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

export function reasonPhrase(status: number): string {
  return STATUS_CODES[status] ?? 'Unknown';
}

function contentLines({ status, contentType }: Answer, length: number): string {
  return status === 204 ? '' : `Content-Type: ${contentType}\r\nContent-Length: ${String(length)}\r\n`;
}

/** The whole message. `lines`: further field lines, each with its CRLF. A HEAD request gets the same head without the body. */
export function answerText(answer: Answer, date: string, method: string, lines: string): string {
  const body = typeof answer.body === 'string' ? Buffer.from(answer.body) : answer.body;
  const head =
    `HTTP/1.1 ${String(answer.status)} ${reasonPhrase(answer.status)}\r\n` +
    `Date: ${date}\r\n${contentLines(answer, body.length)}${answer.fields}${lines}\r\n`;
  return method === 'HEAD' ? head : head + body.toString('latin1');
}
