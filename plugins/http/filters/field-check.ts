import { FRAMING_HEADERS, isHeaderValue, isToken } from '../../../src/plugin-api/values/http-syntax.ts';

/**
 * Checks a header field that a filter writes. Filters may be plain JavaScript, so the types are checked too.
 *
 * @throws TypeError for what no header holds, and for fields that the proxy writes itself
 */
export function checkField(name: unknown, value: unknown): void {
  if (typeof name !== 'string' || !isToken(name))
    throw new TypeError(`${JSON.stringify(name)} is not the name of a header field`);
  if (typeof value !== 'string' || !isHeaderValue(value))
    throw new TypeError(`the value of ${name} holds characters that no header field may hold`);
  if (FRAMING_HEADERS.has(name.toLowerCase())) throw new TypeError(`only the proxy itself may write ${name}`);
}

/** Between the values of several fields of one name (RFC 9110 5.3; for cookies RFC 6265 4.2.1). */
export function separatorOf(lowerName: string): string {
  return lowerName === 'cookie' ? '; ' : ', ';
}
