import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';

import { canonicalV6 } from '../../../plugin-api/values/ip-address.ts';

/** What {@link parseTlsName} takes, after "must be". */
export const TLS_NAME_FORMS = 'a host name without port, *. and a domain, or an IP address';
/** What {@link parseSniName} takes, after "must be". */
export const SNI_NAME_FORMS = 'a host name without port, or *. and a domain';
/** What {@link parseServerName} takes, after "must be". */
export const SERVER_NAME_FORMS = 'a host name without port, or an IP address';

/** What `domainToASCII` leaves out of a text, or stops at, instead of saying that it is no name. */
const OF_NO_NAME = /[\s\p{C}/?#\\@:%]/u;

const LABEL = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/;

/**
 * Reads a name that a certificate serves: a host name, `*.` and a domain, or an IP address. The result is in lower case, without a dot at
 * the end, and international names are in their ASCII form (RFC 5891). Throws an Error that says what is allowed.
 */
export function parseTlsName(text: string): string {
  const address = text.replace(/^\[(.*)\]$/, '$1');
  return isIP(address) > 0 ? canonicalIp(address) : parseHost(text, true, TLS_NAME_FORMS);
}

/** Reads a name that clients can ask for by SNI: a host name, or `*.` and a domain. As {@link parseTlsName}, without addresses. */
export function parseSniName(text: string): string {
  if (text === '*')
    throw new Error(
      `must be ${SNI_NAME_FORMS}: for all names that have no route, write sni.default instead of *`,
    );
  if (isIP(text.replace(/^\[(.*)\]$/, '$1')) > 0)
    throw new Error(`must be ${SNI_NAME_FORMS}: clients never ask for an IP address by SNI`);
  return parseHost(text, true, SNI_NAME_FORMS);
}

/** Reads the name that a backend's certificate must have. As {@link parseTlsName}, without `*`. */
export function parseServerName(text: string): string {
  const address = text.replace(/^\[(.*)\]$/, '$1');
  return isIP(address) > 0 ? canonicalIp(address) : parseHost(text, false, SERVER_NAME_FORMS);
}

/** Whether a certificate's name, or a name of the config, with `*.` in front is for a host name. Both in the form of {@link parseTlsName}. */
export function nameMatches(pattern: string, host: string): boolean {
  if (pattern === host) return true;
  if (!pattern.startsWith('*.')) return false;
  const dot = host.indexOf('.');
  return dot > 0 && host.slice(dot) === pattern.slice(1);
}

/** An IP address in the one form that equal addresses have: RFC 5952 for IPv6. */
export function canonicalIp(address: string): string {
  return isIP(address) === 6 ? canonicalV6(address) : address;
}

function parseHost(text: string, mayBeWild: boolean, forms: string): string {
  const plain = text.endsWith('.') ? text.slice(0, -1) : text;
  const isWild = plain.startsWith('*.');
  const host = isWild ? plain.slice(2) : plain;
  if (host.includes('*') || (isWild && !mayBeWild))
    throw new Error(
      mayBeWild ? `must have * only as its whole first label, as in *.example.com` : `must be ${forms}`,
    );
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text))
    throw new Error(`must be ${forms}: leave https:// and the path out`);
  if (/:\d+$/.test(host)) throw new Error(`must be ${forms}: leave the port out`);
  const ascii = asciiHost(host);
  if (ascii === undefined) throw new Error(`must be ${forms}`);
  if (isWild && !ascii.includes('.') && ascii !== 'localhost')
    throw new Error(`must have a whole domain after *., as in *.example.com`);
  return isWild ? `*.${ascii}` : ascii;
}

/** A host name in lower case and ASCII; undefined when it is none. */
function asciiHost(host: string): string | undefined {
  // The function also reads forms of numbers as IPv4 addresses, which a name must not be.
  const ascii = /^[\x21-\x7e]+$/.test(host) ? host.toLowerCase() : domainToASCII(host);
  if (ascii === '' || OF_NO_NAME.test(host) || ascii.length > 253) return undefined;
  const labels = ascii.split('.');
  if (!labels.every((label) => LABEL.test(label)) || /^\d+$/.test(labels.at(-1) ?? '')) return undefined;
  return ascii;
}
