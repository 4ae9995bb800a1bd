import { isIpAddress } from '../../config/values/address.ts';
import type { ExplainedField } from '../../plugin-api/index.ts';
import { QuestionError, type ExplainQuestion } from './explain-question.ts';

/** The request of a question. Its texts hold the bytes that a client would send, one byte a character (latin1). */
export interface AskedRequest {
  readonly method: string;
  readonly target: string;
  /** The header fields of the question; Host is among them only if the question names it. */
  readonly fields: readonly ExplainedField[];
  /** The authority of the URL; '' without one. */
  readonly authority: string;
  /** The port of the URL; undefined when the URL names none and its scheme has no default. */
  readonly port: number | undefined;
  readonly from: string | undefined;
  /** Whether the client speaks TLS; undefined where the question does not say. */
  readonly isSecure: boolean | undefined;
}

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const URL_PARTS = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)([^#]*)(?:#.*)?$/i;
const AUTHORITY = /^(\[[0-9a-f:.]+\]|[^:@\s]*)(?::(\d{1,5}))?$/i;
const DEFAULT_PORTS: Readonly<Record<string, number>> = { http: 80, https: 443, ws: 80, wss: 443 };
const SECURE_SCHEMES: Readonly<Record<string, boolean>> = { http: false, https: true, ws: false, wss: true };
/** Characters that a field value can't hold: the ends of lines, and NUL. */
const UNSENDABLE = /[\0\r\n]/;

/** Throws a QuestionError when no client could send such a request. */
export function askedRequest({ method = 'GET', url, headers = [], from }: ExplainQuestion): AskedRequest {
  if (!TOKEN.test(method)) throw new QuestionError(`'${method}' is no HTTP method`);
  if (from !== undefined && !isIpAddress(from)) throw new QuestionError(`'${from}' is no IP address`);
  for (const [name, value] of headers) {
    if (!TOKEN.test(name)) throw new QuestionError(`'${name}' is no name of a header`);
    if (UNSENDABLE.test(value)) throw new QuestionError(`the value of ${name} holds a line break or NUL`);
  }
  return {
    method,
    ...location(url ?? '/'),
    fields: headers.map(([name, value]) => [name, bytesOf(value)]),
    from,
  };
}

function location(url: string): Pick<AskedRequest, 'target' | 'authority' | 'port' | 'isSecure'> {
  if (/[\0-\x20\x7f]/.test(url)) throw new QuestionError(`the URL '${url}' holds white space; write %20`);
  if (url.startsWith('/'))
    return { target: targetOf(url.replace(/#.*$/, '')), authority: '', port: undefined, isSecure: undefined };
  if (url === '*') return { target: url, authority: '', port: undefined, isSecure: undefined };
  const [, scheme, authority, rest] = URL_PARTS.exec(url) ?? [];
  if (scheme === undefined || authority === undefined || rest === undefined) {
    throw new QuestionError(`'${url}' is no URL, such as http://host/path`);
  }
  const [, host, port] = AUTHORITY.exec(authority) ?? [];
  if (host === undefined || (host === '' && port === undefined)) {
    throw new QuestionError(`'${url}' names no host, as http://host/path does`);
  }
  return {
    // A client sends `/` when the URL has no path.
    target: targetOf(rest.startsWith('/') ? rest : `/${rest}`),
    authority,
    port: port === undefined ? DEFAULT_PORTS[scheme.toLowerCase()] : Number(port),
    isSecure: SECURE_SCHEMES[scheme.toLowerCase()],
  };
}

/** Clients percent-encode what is not ASCII. Everything else is sent as it was written, also `..` and `.`. */
function targetOf(text: string): string {
  return text.replace(/[^\x21-\x7e]+/gu, percentEncoded);
}

function percentEncoded(text: string): string {
  return Buffer.from(text, 'utf8').toString('hex').toUpperCase().replace(/../g, '%$&');
}

function bytesOf(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}
