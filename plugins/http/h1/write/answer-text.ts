import type { Answer } from '../../../../src/plugin-api/index.ts';
import { answerBytes, reasonPhrase } from '../../message/answer.ts';

const DEFAULT_TYPE = 'text/plain; charset=utf-8';

/** An answer as the text of a whole message. `lines`: further field lines, each with its CRLF. For HEAD the body is left out. */
export function answerText(answer: Answer, date: string, method: string, lines: string): string {
  const body = answerBytes(answer);
  const head =
    `HTTP/1.1 ${String(answer.status)} ${reasonPhrase(answer.status)}\r\n` +
    `Date: ${date}\r\n${contentLines(answer, body.length)}${headerLines(answer)}${lines}\r\n`;
  return method === 'HEAD' || hasNoBody(answer) ? head : head + body.latin1Slice(0, body.length);
}

/** Statuses whose messages have no body (RFC 9110 6.4.1). */
function hasNoBody({ status }: Answer): boolean {
  return status === 204 || status === 304;
}

function contentLines(answer: Answer, length: number): string {
  if (hasNoBody(answer)) return '';
  const { contentType = length === 0 ? undefined : DEFAULT_TYPE } = answer;
  const type = contentType === undefined ? '' : `Content-Type: ${contentType}\r\n`;
  return `${type}Content-Length: ${String(length)}\r\n`;
}

function headerLines({ headers }: Answer): string {
  let lines = '';
  for (const [name, value] of Object.entries(headers ?? {})) {
    if (typeof value === 'string') lines += `${name}: ${value}\r\n`;
    else for (const each of value) lines += `${name}: ${each}\r\n`;
  }
  return lines;
}
