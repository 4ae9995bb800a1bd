/** What a request line asks for, in the two parts that routing and forwarding need. */
export interface RequestTarget {
  /** What goes to the backend: path and query, or `*`. */
  readonly forwarded: string;
  /** The part that routes look at: without query. */
  readonly path: string;
  /** Whether `forwarded` differs from what the client wrote. */
  readonly isChanged: boolean;
  /** The authority of an absolute-form target, which replaces the Host field; undefined otherwise. */
  readonly authority: string | undefined;
}

const ASTERISK: RequestTarget = { forwarded: '*', path: '*', isChanged: false, authority: undefined };
const ABSOLUTE_FORM = /^https?:\/\/([^/?#]*)/i;

/**
 * Reads origin-form, absolute-form and asterisk-form targets (RFC 9112 3.2). Returns undefined for anything else;
 * authority-form belongs to CONNECT, which is refused before.
 */
export function parseTarget(text: string, method: string): RequestTarget | undefined {
  // A fragment never leaves the client (RFC 9110 7.1); who finds one may cut it off or not.
  if (text.includes('#')) return undefined;
  if (text.startsWith('/'))
    return { forwarded: text, path: pathOf(text), isChanged: false, authority: undefined };
  if (text === '*') return method === 'OPTIONS' ? ASTERISK : undefined;
  const absolute = ABSOLUTE_FORM.exec(text);
  if (absolute === null) return undefined;
  const authority = absolute[1] ?? '';
  if (authority === '' || !isValidHost(authority)) return undefined;
  const rest = text.slice(absolute[0].length);
  const forwarded = rest.startsWith('/') ? rest : rest === '' && method === 'OPTIONS' ? '*' : `/${rest}`;
  return { forwarded, path: pathOf(forwarded), isChanged: true, authority };
}

/** The same target with another path and query. */
export function withTarget(target: RequestTarget, forwarded: string): RequestTarget {
  if (forwarded === target.forwarded) return target;
  return { forwarded, path: pathOf(forwarded), isChanged: true, authority: target.authority };
}

function pathOf(target: string): string {
  const query = target.indexOf('?');
  return query < 0 ? target : target.slice(0, query);
}

/** Empty, or `host` with an optional port, as a Host field may hold it (RFC 9110 4.2.1, 7.2). */
const HOST_FIELD = /^(?:(?:[A-Za-z0-9._~!$&'()*+,;=%-]+|\[[0-9A-Fa-f:.]+\])(?::\d{0,5})?)?$/;

export function isValidHost(value: string): boolean {
  return HOST_FIELD.test(value);
}

/** The host without port and without a dot at its end (RFC 1034 3.1), in lower case: what routes compare. */
export function hostName(value: string): string {
  const colon = value.startsWith('[') ? value.indexOf(']') + 1 : value.lastIndexOf(':');
  let end = colon > 0 ? colon : value.length;
  if (end > 1 && value[end - 1] === '.') end -= 1;
  return (end === value.length ? value : value.slice(0, end)).toLowerCase();
}
