import { decodedUnreserved, resolved } from '../../../src/plugin-api/values/routed-path.ts';

/**
 * Spellings that some backends read as a slash, a dot or the end of the path, while routes do not. Overlong characters (invalid UTF-8)
 * are among them.
 */
const REFUSED = /%(?:2f|5c|00|c[01]|e0%[89]|f0%8)|\\/i;
/** Dot segments with parameters (`..;x`): servers that cut parameters off resolve what is left as a dot segment. */
const DOTS_WITH_PARAMETERS = /\/(?:\.|%2e){1,2};/i;

/**
 * The target in the normal form of RFC 3986 6.2.2: unreserved characters decoded, once; other encodings in upper case; slashes
 * merged and dot segments resolved. A percent sign that begins no encoding is encoded, so that it begins none with what is decoded
 * behind it. The query is untouched.
 *
 * @param takesAny whether to accept paths that a backend may read in another way
 * @returns undefined for a path that can't be made unambiguous
 */
export function normalTarget(target: string, takesAny = false): string | undefined {
  if (!target.startsWith('/')) return target;
  const query = target.indexOf('?');
  const path = query < 0 ? target : target.slice(0, query);
  if (!takesAny && hasAmbiguousSpelling(path)) return undefined;
  return `${resolved(decodedUnreserved(path))}${query < 0 ? '' : target.slice(query)}`;
}

/** Whether `normalize_path` refuses the path: it has a spelling that no normal form makes unambiguous. */
export function hasAmbiguousSpelling(path: string): boolean {
  return REFUSED.test(path) || DOTS_WITH_PARAMETERS.test(path);
}
