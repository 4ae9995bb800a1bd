import { isIP, isIPv4, isIPv6 } from 'node:net';

/** Where a listener binds or a backend listens. A `host` of '' means all interfaces, IPv4 and IPv6. */
export type Address =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string };

/** What {@link parseAddress} takes, in words for error messages. */
export const ADDRESS_FORMS = ':8080, host:8080, 192.0.2.1:8080, [::1]:8080 or unix:/path';

/** `sun_path` holds 108 bytes on Linux, one of them for the closing NUL. */
export const MAX_UNIX_PATH_BYTES = 107;
const LABEL = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/;

/**
 * Reads `:8080`, `host:8080`, `192.0.2.1:8080`, `[::1]:8080` or `unix:/path`. Host names become lower case
 * and IPv6 addresses get their shortest form, so equal addresses give equal results.
 * Throws an Error whose message says what is allowed and never repeats the text.
 */
export function parseAddress(text: string): Address {
  if (text.startsWith('unix:')) return parseUnix(text.slice('unix:'.length));
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text))
    throw new Error(`must be an address and no URL: leave http:// and the path out, as in ${ADDRESS_FORMS}`);
  const bracketed = /^\[([^\]]*)\](.*)$/s.exec(text);
  if (bracketed !== null) return parseBracketed(bracketed[1] ?? '', bracketed[2] ?? '');
  const colon = text.lastIndexOf(':');
  if (colon === -1) throw new Error(`must be an address with a port: ${ADDRESS_FORMS}`);
  const host = text.slice(0, colon).toLowerCase();
  if (host.includes(':')) throw new Error('must have brackets around an IPv6 address, as in [::1]:8080');
  if (host !== '' && !isIPv4(host) && !isHostName(host)) {
    throw new Error(`must start with a host name or an IP address: ${ADDRESS_FORMS}`);
  }
  return { kind: 'tcp', host, port: parsePort(text.slice(colon + 1)) };
}

/** The text that {@link parseAddress} reads back into the same address. */
export function formatAddress(address: Address): string {
  if (address.kind === 'unix') return `unix:${address.path}`;
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  return `${host}:${address.port}`;
}

/** Whether a text is an IPv4 or IPv6 address, without port and brackets. */
export function isIpAddress(text: string): boolean {
  return isIP(text) !== 0;
}

/** A key for maps: equal for two addresses exactly when they are the same address. */
export function addressKey(address: Address): string {
  return formatAddress(address);
}

/** Whether only this machine can reach the address. */
export function isLocalOnly(address: Address): boolean {
  if (address.kind === 'unix') return true;
  const { host } = address;
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));
}

/** Whether two addresses can't be bound at the same time: they are equal, or one is a wildcard that covers the other at the same port. */
export function addressesCollide(a: Address, b: Address): boolean {
  if (a.kind === 'unix' || b.kind === 'unix') return addressKey(a) === addressKey(b);
  if (a.port !== b.port || a.port === 0) return false;
  return a.host === b.host || covers(a.host, b.host) || covers(b.host, a.host);
}

function covers(wildcard: string, host: string): boolean {
  if (wildcard === '' || wildcard === '::') return true;
  return wildcard === '0.0.0.0' && isIPv4(host);
}

function parseUnix(path: string): Address {
  if (!path.startsWith('/') || path.endsWith('/') || path.includes('\0')) {
    throw new Error('must be unix: and an absolute path of a socket, as in unix:/run/app.sock');
  }
  if (Buffer.byteLength(path) > MAX_UNIX_PATH_BYTES) {
    throw new Error(`must have a unix socket path of at most ${MAX_UNIX_PATH_BYTES} bytes`);
  }
  return { kind: 'unix', path };
}

function parseBracketed(host: string, rest: string): Address {
  if (!isIPv6(host)) throw new Error('must have an IPv6 address between the brackets, as in [::1]:8080');
  if (!rest.startsWith(':')) throw new Error('must have a port after the brackets, as in [::1]:8080');
  return { kind: 'tcp', host: shortestIPv6(host), port: parsePort(rest.slice(1)) };
}

/** The WHATWG URL parser writes IPv6 in the form of RFC 5952; it knows no zones, so the zone is added afterwards. */
function shortestIPv6(host: string): string {
  const percent = host.indexOf('%');
  const plain = percent === -1 ? host : host.slice(0, percent);
  const zone = percent === -1 ? '' : host.slice(percent);
  return new URL(`http://[${plain}]`).hostname.slice(1, -1) + zone;
}

function parsePort(text: string): number {
  const port = /^(0|[1-9][0-9]{0,4})$/.test(text) ? Number(text) : Number.NaN;
  if (!(port <= 65_535)) throw new Error('must end with a port from 0 to 65535');
  return port;
}

/**
 * RFC 1123, with the underscores that container networks use. A dot at the end means that no search domain is added. A name
 * that ends in a number would be a mistyped IPv4 address.
 */
function isHostName(host: string): boolean {
  if (host.length > 253) return false;
  const labels = (host.endsWith('.') ? host.slice(0, -1) : host).split('.');
  const last = labels.at(-1) ?? '';
  return labels.every((label) => LABEL.test(label)) && (labels.length === 1 || !/^[0-9]+$/.test(last));
}
