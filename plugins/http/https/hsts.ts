import type { Answer } from '../../../src/plugin-api/index.ts';
import type { HttpHsts, HttpOptions } from '../config/schema/options.generated.ts';
import { HSTS_FIELD } from '../message/field-names.ts';

const IPV4 = /^\d+(?:\.\d+){3}$/;
const DAY_MS = 86_400_000;
const DEFAULTS: HttpHsts = { max_age: 365 * DAY_MS, include_subdomains: false, preload: false };

/** Tells browsers to use only HTTPS for a host. Source: RFC 6797. */
export class Hsts {
  readonly #line: string;

  constructor({ max_age: maxAgeMs, include_subdomains: below, preload }: HttpHsts) {
    let value = `max-age=${String(Math.trunc(maxAgeMs / 1000))}`;
    if (below) value += '; includeSubDomains';
    if (preload) value += '; preload';
    this.#line = `Strict-Transport-Security: ${value}\r\n`;
  }

  /** The field of a listener; undefined when it has none. */
  static of({ hsts: options }: Pick<HttpOptions, 'hsts'>): Hsts | undefined {
    if (options === undefined || options === false) return undefined;
    return new Hsts(options === true ? DEFAULTS : options);
  }

  /**
   * The field line for a host, with its CRLF; '' for an IP address, for which the field has no meaning (RFC 6797 8.1.1).
   *
   * @param name in lower case, without port; an IPv6 address in its brackets
   */
  line(name: string): string {
    return name === '' || name.startsWith('[') || IPV4.test(name) ? '' : this.#line;
  }
}

/** The line for an answer of the proxy or of a filter; '' when the answer has that field itself. */
export function hstsLineFor({ headers }: Answer, line: string): string {
  if (line === '' || headers === undefined) return line;
  return Object.keys(headers).some((name) => name.toLowerCase() === HSTS_FIELD) ? '' : line;
}
