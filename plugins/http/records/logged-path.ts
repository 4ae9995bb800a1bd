import { CUT, HIDDEN } from '../message/refusal/excerpt.ts';

/** The most characters of the path of a malformed target that are shown. Such a target may be as long as a whole head. */
const MOST_SHOWN = 1024;

/**
 * The path of a target that is malformed, too long or not complete, for logs and spans: without query, fragment, `;`
 * parameters and credentials, and at most 1,024 characters. A target `host:port` (CONNECT) is shown as it is.
 *
 * @param target as the client sent it
 */
export function loggedPath(target: string): string {
  const place = target.slice(0, target.search(/[?#]|$/));
  const isAbsolute = /^[A-Za-z][A-Za-z0-9+.-]*:\/\//.test(place);
  const path = isAbsolute
    ? place.slice(place.search(/:\/\//) + 3).replace(/^[^/]*/, '') || '/'
    : place.replace(/^[^/]*@/, '');
  const shown = path.length > MOST_SHOWN ? path.slice(0, MOST_SHOWN) + CUT : path;
  return shown.includes(';') ? shown.replace(/;[^/]*/g, `;${HIDDEN}`) : shown;
}

/** A target without its fragment, which a sound client does not send (RFC 9110 7.1). */
export function withoutFragment(target: string): string {
  return target.slice(0, target.search(/#|$/));
}
