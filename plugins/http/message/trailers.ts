import { foldedName, MANAGED_NAMES } from './field-names.ts';

/** A field line: its name, and the text after the colon as it arrived. */
export interface FieldLine {
  readonly name: string;
  readonly rest: string;
}

export const NO_TRAILERS: readonly FieldLine[] = [];

/**
 * Fields that must not be trailers, because receivers that merge trailers into the head would obey them: fields that the proxy
 * manages in heads, credentials, and fields about caching and the meaning of the body (RFC 9110 6.5.1).
 */
const NOT_IN_TRAILERS: ReadonlySet<string> = new Set([
  ...MANAGED_NAMES,
  ...`age authorization cache-control content-encoding content-range content-type cookie date expect expires if-match
  if-modified-since if-none-match if-range if-unmodified-since location pragma proxy-authenticate proxy-authorization range
  retry-after set-cookie vary warning www-authenticate`.split(/\s+/),
]);

/** Whether a trailer of that name may be passed on, under any spelling. */
export function mayBeTrailer(name: string): boolean {
  return !NOT_IN_TRAILERS.has(foldedName(name));
}
