import type { Address } from './address.ts';
import { parseAddress } from './address.ts';

export interface BackendAddress {
  readonly address: Address;
  /** The text as written, when it was a URL. */
  readonly url: string | undefined;
  /** Of the URL; undefined for an address without one. */
  readonly scheme?: 'http' | 'https';
}

/** What {@link parseBackendAddress} takes, in words for error messages. */
export const BACKEND_ADDRESS_FORMS =
  'host:8080, 192.0.2.1:8080, [::1]:8080, unix:/path, http://host:8080 or https://host:8443';

const SCHEME = /^([a-z][a-z0-9+.-]*):\/\/(.*)$/is;

/**
 * Reads where a backend listens: an address with a host and a port above 0, or an `http://` or `https://`
 * URL without path (port 80 or 443 where it names none). Throws an Error that says what is allowed.
 */
export function parseBackendAddress(text: string): BackendAddress {
  const url = SCHEME.exec(text);
  if (url === null) return { address: checked(parseAddress(text)), url: undefined };
  const [, scheme = '', rest = ''] = url;
  const isSecure = scheme.toLowerCase() === 'https';
  if (!isSecure && scheme.toLowerCase() !== 'http')
    throw new Error(`must be one of ${BACKEND_ADDRESS_FORMS}`);
  const authority = rest.endsWith('/') ? rest.slice(0, -1) : rest;
  if (/[/?#]/.test(authority)) throw new Error('must be a URL without path, query or fragment');
  if (authority.includes('@')) throw new Error('must be a URL without user name and password');
  const hasPort = /:\d*$/.test(authority) && !authority.endsWith(']');
  const port = isSecure ? 443 : 80;
  return {
    address: checked(parseAddress(hasPort ? authority : `${authority}:${port}`)),
    url: text,
    scheme: isSecure ? 'https' : 'http',
  };
}

function checked(address: Address): Address {
  if (address.kind === 'tcp' && (address.host === '' || address.port === 0)) {
    throw new Error(`must have a host and a port above 0: ${BACKEND_ADDRESS_FORMS}`);
  }
  return address;
}
