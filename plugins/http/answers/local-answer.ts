import type { Answer } from './answer.ts';
import type { Exchange } from '../exchange/exchange.ts';
import type { Head } from '../h1/parse/head.ts';
import { maxForwards } from '../h1/write/request-text.ts';

/** Fields of a request that a TRACE must not show to whoever reads the answer (RFC 9110 9.3.8). */
const SECRET: ReadonlySet<string> = new Set(['authorization', 'proxy-authorization', 'cookie']);

/** The answer to a request that was to come no farther than here; undefined for requests that go on. */
export function localAnswer(exchange: Exchange, head: Head): Answer | undefined {
  const isProbe = exchange.method === 'TRACE' || exchange.method === 'OPTIONS';
  return isProbe && maxForwards(head) === 0 ? lastHop(exchange.method, head) : undefined;
}

/** Max-Forwards is used up: this is where the request was to get to (RFC 9110 7.6.2). */
function lastHop(method: string, head: Head): Answer {
  if (method === 'OPTIONS') {
    return {
      status: 204,
      contentType: '',
      body: '',
      fields: 'Allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, TRACE\r\n',
    };
  }
  let body = `TRACE ${head.bytes.latin1Slice(head.urlStart, head.urlEnd)} HTTP/1.${String(head.minor)}\r\n`;
  for (let field = 0; field < head.fields; field++) {
    if (!SECRET.has(head.nameText(field).toLowerCase())) body += `${head.lineText(field)}\r\n`;
  }
  return { status: 200, contentType: 'message/http', body: `${body}\r\n`, fields: '' };
}
