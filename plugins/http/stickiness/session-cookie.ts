import type { StickyCookie } from '../../../src/plugin-api/index.ts';
import type { FieldEdit } from '../forwarding/field-edits.ts';

/** What of a request's cookies is for the proxy, and what is for the backend. */
export interface SplitCookies {
  /** The value of the proxy's cookie; undefined without one. */
  readonly session: string | undefined;
  /** The other cookies, as the client wrote them; '' without any. */
  readonly rest: string;
}

/** The fields of a request that have its cookies. */
interface CookieFields {
  find(lowerName: string, from?: number): number;
  valueText(field: number): string;
}

/**
 * Takes the proxy's cookie out of those of a request. A client may have several of that name, for different paths or domains: an old one,
 * that nothing can be made of any more, must not hide the one that was given last. So the first one that is known counts, else the first.
 *
 * @param isKnown whether a value leads anywhere
 */
export function splitCookies(
  head: CookieFields,
  name: string,
  isKnown: (value: string) => boolean,
): SplitCookies {
  const own: string[] = [];
  const rest: string[] = [];
  for (let field = head.find('cookie'); field >= 0; field = head.find('cookie', field + 1))
    for (const pair of head.valueText(field).split(';')) {
      const text = pair.trim();
      if (text.startsWith(name) && text[name.length] === '=') own.push(text.slice(name.length + 1));
      else if (text !== '') rest.push(text);
    }
  const session = own.length > 1 ? (own.find(isKnown) ?? own[0]) : own[0];
  return { session, rest: rest.join('; ') };
}

/** The edit by which a request keeps the client's other cookies alone. */
export function restOfCookies(rest: string): FieldEdit {
  return { action: rest === '' ? 'remove' : 'set', name: 'Cookie', value: rest };
}

/**
 * The edits of the response that gives a client its cookie. No cache may store that response for others: it would lead all of them to the
 * same backend.
 */
export function sessionEdits(
  { name, attributes, secure }: StickyCookie,
  value: string,
  isSecure: boolean,
): FieldEdit[] {
  const isOnlySecure = secure === 'always' || (secure === 'auto' && isSecure);
  return [
    {
      action: 'add',
      name: 'Set-Cookie',
      value: `${name}=${value}${attributes}${isOnlySecure ? '; Secure' : ''}`,
    },
    { action: 'add', name: 'Cache-Control', value: 'private' },
  ];
}
