import { plainLength } from '../../../src/plugin-api/values/routed-path.ts';

/** The target of a request, taken apart for routing and forwarding. */
export interface RequestTarget {
  /** The target for the backend: path and query, or `*`. */
  readonly forwarded: string;
  /** `forwarded` without its query. */
  readonly path: string;
  /** Whether all servers read the path in the same way, so that routes may compare it as it is. */
  readonly isPlain: boolean;
  /** Whether `forwarded` differs from what the client wrote. */
  readonly isChanged: boolean;
  /** The authority of an absolute-form target, which replaces the Host field; undefined otherwise. */
  readonly authority: string | undefined;
}

const ASTERISK: RequestTarget = {
  forwarded: '*',
  path: '*',
  isPlain: true,
  isChanged: false,
  authority: undefined,
};
const ABSOLUTE_FORM = /^https?:\/\/([^/?#]*)/i;

/**
 * Reads origin-form, absolute-form and asterisk-form targets (RFC 9112 3.2). Returns undefined for anything else;
 * authority-form belongs to CONNECT, which is refused earlier.
 *
 * @param plain the index of the first character that is not plain, or -1: from {@link plainBytes} or {@link beforeQuery}
 */
export function parseTarget(
  text: string,
  method: string,
  plain = plainLength(text),
): RequestTarget | undefined {
  // A sound client sends no fragment (RFC 9110 7.1), and servers differ in whether they cut one off: the target is refused.
  if (plain >= 0 && text.includes('#', plain)) return undefined;
  if (text.startsWith('/')) return pathTarget(text, plain, false, undefined);
  if (text === '*') return method === 'OPTIONS' ? ASTERISK : undefined;
  const absolute = ABSOLUTE_FORM.exec(text);
  if (absolute === null) return undefined;
  const authority = absolute[1] ?? '';
  if (authority === '' || !isValidHost(authority)) return undefined;
  const rest = text.slice(absolute[0].length);
  const forwarded = rest.startsWith('/') ? rest : rest === '' && method === 'OPTIONS' ? '*' : `/${rest}`;
  return pathTarget(forwarded, plainLength(forwarded), true, authority);
}

/** The same target with another path and query. */
export function withTarget(target: RequestTarget, forwarded: string): RequestTarget {
  if (forwarded === target.forwarded) return target;
  return pathTarget(forwarded, plainLength(forwarded), true, target.authority);
}

/** Where the query or a fragment begins, or -1. Instances that never look at paths take all before it for plain. */
export function beforeQuery(text: string): number {
  const fragment = text.indexOf('#');
  return fragment < 0 ? text.indexOf('?') : fragment;
}

/** Splits path and query. `plain` as in {@link parseTarget}; the `?` before a query is not a plain character. */
function pathTarget(
  forwarded: string,
  plain: number,
  isChanged: boolean,
  authority: string | undefined,
): RequestTarget {
  const isPlain = plain < 0 || forwarded[plain] === '?';
  const end = isPlain ? plain : forwarded.indexOf('?', plain);
  const path = end < 0 ? forwarded : forwarded.slice(0, end);
  return { forwarded, path, isPlain, isChanged, authority };
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
