import { FRAMING_HEADERS, isHeaderValue, isToken } from '../../../src/plugin-api/values/http-syntax.ts';

/**
 * Checks a header field that a filter writes. Filters may be plain JavaScript, so the types are checked too.
 *
 * @throws TypeError for a name or value that no header may have, and for fields that only the proxy writes
 */
export function checkField(name: unknown, value: unknown): void {
  if (typeof name !== 'string' || !isToken(name))
    throw new TypeError(`${JSON.stringify(name)} is not the name of a header field`);
  if (typeof value !== 'string' || !isHeaderValue(value))
    throw new TypeError(`the value of ${name} holds characters that no header field may hold`);
  if (FRAMING_HEADERS.has(name.toLowerCase())) throw new TypeError(`only the proxy itself may write ${name}`);
}

/** The text that joins the values of several fields of one name (RFC 9110 5.3; for cookies RFC 6265 4.2.1). */
export function separatorOf(lowerName: string): string {
  return lowerName === 'cookie' ? '; ' : ', ';
}
