import type { Answer } from '../../../src/plugin-api/index.ts';
import { maxForwards } from '../forwarding/request-fields.ts';
import type { RequestHead } from '../message/message-head.ts';
import { SERVED_METHODS } from './error-answer.ts';

/** Fields that the answer to a TRACE leaves out, because scripts in the client could read credentials from it (RFC 9110 9.3.8). */
const SECRET: ReadonlySet<string> = new Set(['authorization', 'proxy-authorization', 'cookie']);

/** The answer to a request whose Max-Forwards says that this proxy is its last hop (RFC 9110 7.6.2); undefined for all others. */
export function localAnswer(head: RequestHead): Answer | undefined {
  const isProbe = head.method === 'TRACE' || head.method === 'OPTIONS';
  if (!isProbe || maxForwards(head) !== 0) return undefined;
  return head.method === 'OPTIONS' ? { status: 204, headers: { Allow: SERVED_METHODS } } : echo(head);
}

/** The request as it arrived, which is what TRACE asks for. */
function echo(head: RequestHead): Answer {
  let body = `TRACE ${head.target} HTTP/1.${String(head.minor)}\r\n`;
  for (let field = 0; field < head.fields; field++) {
    if (!SECRET.has(head.nameText(field).toLowerCase())) body += `${head.lineText(field)}\r\n`;
  }
  return { status: 200, contentType: 'message/http', body: `${body}\r\n` };
}
