import { isIPv4, isIPv6 } from 'node:net';

import { bytesOf } from '../../plugin-api/values/ip-address.ts';

const BYTE_BITS = 8;
const V4_BITS = 32;
const V6_BITS = 128;

/** Returns the network of an address: so many of its first bits. A text that is no address stays as it is. */
export function clientNetwork(v4Prefix: number, v6Prefix: number): (address: string) => string {
  return (address) => {
    if (isIPv4(address)) return v4Prefix >= V4_BITS ? address : masked(address, v4Prefix);
    if (!isIPv6(address)) return address;
    return masked(address.replace(/%.*$/, ''), Math.min(V6_BITS, v6Prefix));
  };
}

function masked(address: string, prefix: number): string {
  const bytes = bytesOf(address);
  for (let at = 0; at < bytes.length; at++) {
    const kept = Math.min(BYTE_BITS, Math.max(0, prefix - at * BYTE_BITS));
    bytes[at] = (bytes[at] ?? 0) & ~(0xff >> kept);
  }
  return bytes.toString('latin1');
}
