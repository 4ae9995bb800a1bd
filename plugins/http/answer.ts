import { STATUS_CODES } from 'node:http';

/** A response that the proxy gives itself. */
export interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
  /** Further field lines, each with its CRLF. */
  readonly fields: string;
}

/** The answer to a request that failed: why, in a word, and the id to look it up by; nothing about the inside. */
export function errorAnswer(status: number, reason: string, requestId: string): Answer {
  return {
    status,
    contentType: 'text/plain; charset=utf-8',
    body: `${String(status)} ${reasonPhrase(status)}: ${reason}\nrequest id: ${requestId}\n`,
    // Asking again soon is worth it: a backend may come back or a queue may empty.
    fields: status === 503 ? 'Retry-After: 1\r\n' : '',
  };
}

export function reasonPhrase(status: number): string {
  return STATUS_CODES[status] ?? 'Unknown';
}

/** The whole message. A HEAD request gets the same head and no body. */
export function answerText(
  answer: Answer,
  requestId: string,
  date: string,
  method: string,
  connection: string,
): string {
  const body = Buffer.from(answer.body);
  const head =
    `HTTP/1.1 ${String(answer.status)} ${reasonPhrase(answer.status)}\r\n` +
    `Date: ${date}\r\nContent-Type: ${answer.contentType}\r\nContent-Length: ${String(body.length)}\r\n` +
    `${answer.fields}X-Request-ID: ${requestId}\r\n${connection}\r\n`;
  return method === 'HEAD' ? head : head + body.toString('latin1');
}
