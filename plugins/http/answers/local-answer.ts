import type { Answer } from '../message/answer.ts';
import type { Exchange } from '../exchange/exchange.ts';
import type { RequestHead } from '../message/message-head.ts';
import { maxForwards } from '../forwarding/request-fields.ts';

/** Fields that the answer to a TRACE leaves out, because scripts in the client could read credentials from it (RFC 9110 9.3.8). */
const SECRET: ReadonlySet<string> = new Set(['authorization', 'proxy-authorization', 'cookie']);

/** The answer to a request whose Max-Forwards says that this proxy is its last hop; undefined for all others. */
export function localAnswer(exchange: Exchange, head: RequestHead): Answer | undefined {
  const isProbe = exchange.method === 'TRACE' || exchange.method === 'OPTIONS';
  return isProbe && maxForwards(head) === 0 ? lastHop(exchange.method, head) : undefined;
}

/** Max-Forwards is 0, so this proxy answers in place of a backend (RFC 9110 7.6.2). */
function lastHop(method: string, head: RequestHead): Answer {
  if (method === 'OPTIONS') {
    return {
      status: 204,
      contentType: '',
      body: '',
      fields: 'Allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, TRACE\r\n',
    };
  }
  let body = `TRACE ${head.target} HTTP/1.${String(head.minor)}\r\n`;
  for (let field = 0; field < head.fields; field++) {
    if (!SECRET.has(head.nameText(field).toLowerCase())) body += `${head.lineText(field)}\r\n`;
  }
  return { status: 200, contentType: 'message/http', body: `${body}\r\n`, fields: '' };
}
