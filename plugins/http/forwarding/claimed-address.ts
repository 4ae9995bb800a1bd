import { isIPv4, isIPv6 } from 'node:net';

/** `[address]` or `[address]:port`; the port may be obfuscated (RFC 7239 6.3). */
const BRACKETED = /^\[([^\]]*)\](?::(?:\d{1,5}|_[\w.-]+))?$/;
const IPV4_WITH_PORT = /^([\d.]+):(?:\d{1,5}|_[\w.-]+)$/;
const QUOTED = /^"(.*)"$/;
const IPV4_IN_IPV6 = /^[0:]+:ffff:(?:([\d.]+)|([\da-f]{1,4}):([\da-f]{1,4}))$/;

/** A parameter `for` of an element of `Forwarded` (RFC 7239 4). */
const FOR_PARAMETER = /(?:^|;)[ \t]*for[ \t]*=[ \t]*([^;]*)/i;

/**
 * The address in an entry of X-Forwarded-For, '' when there is none: `unknown`, an obfuscated name, a host name, or anything else
 * that is no address. Proxies write `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]:80`, and the same in quotes.
 */
export function claimedAddress(entry: string): string {
  const text = trimmed(entry);
  // Fast path for by far the most frequent form.
  if (isIPv4(text)) return text;
  const plain = QUOTED.exec(text)?.[1] ?? text;
  const bracketed = BRACKETED.exec(plain)?.[1];
  if (bracketed !== undefined) return addressV6(bracketed);
  const address = IPV4_WITH_PORT.exec(plain)?.[1] ?? plain;
  return isIPv4(address) ? address : addressV6(address);
}

/** The address in an element of `Forwarded`, as {@link claimedAddress} reads it; '' when there is none. */
export function claimedAddressIn(element: string): string {
  const value = FOR_PARAMETER.exec(element)?.[1];
  return value === undefined ? '' : claimedAddress(value);
}

/** An address without its zone, which only means something on the machine that wrote it. */
export function withoutZone(address: string): string {
  const zone = address.indexOf('%');
  return zone < 0 ? address : address.slice(0, zone);
}

/** The address in lower case, without zone; an IPv4 address that IPv6 embeds becomes a plain one. '' when the text is not an address. */
function addressV6(text: string): string {
  if (!isIPv6(text)) return '';
  const address = withoutZone(text).toLowerCase();
  const match = IPV4_IN_IPV6.exec(address);
  if (match === null) return address;
  const [, dotted, high = '', low = ''] = match;
  if (dotted !== undefined) return dotted;
  const [a, b] = [Number.parseInt(high, 16), Number.parseInt(low, 16)];
  return [a >> 8, a & 255, b >> 8, b & 255].join('.');
}

/** The text without blanks and tabs around it. A regular expression would take quadratic time for some texts; this does not. */
function trimmed(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(text[start])) start += 1;
  while (end > start && isBlank(text[end - 1])) end -= 1;
  return text.slice(start, end);
}

function isBlank(character: string | undefined): boolean {
  return character === ' ' || character === '\t';
}
