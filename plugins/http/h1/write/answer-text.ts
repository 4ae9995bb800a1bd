import { reasonPhrase, type Answer } from '../../message/answer.ts';

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
