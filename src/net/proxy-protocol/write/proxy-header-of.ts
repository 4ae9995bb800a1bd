import { isIP, isIPv4 } from 'node:net';

import type { Transport } from '../../../plugin-api/index.ts';
import { bytesAsV6, bytesOf } from '../../../plugin-api/values/ip-address.ts';
import { FIXED_BYTES_V2, SIGNATURE_V2 } from '../signatures.ts';
import { recordsAbout } from './records-about.ts';

/** The version of the header that a backend gets. */
export type ProxyVersion = 'v1' | 'v2';

/** The client that a header tells a backend about. */
export type HeaderSubject = Pick<Transport, 'peer' | 'local' | 'tls' | 'proxy' | 'route'>;

const LOCAL = 0x20;
const PROXY = 0x21;
const TCP4 = 0x11;
const TCP6 = 0x21;

/** The header of a connection that has no client with an address: the backend takes the proxy itself for its client. */
const NOBODY_V1 = Buffer.from('PROXY UNKNOWN\r\n', 'latin1');
const NOBODY_V2 = headerV2(LOCAL, 0, []);

/**
 * The header that a connection to a backend begins with.
 *
 * - Without a client, as for a health check, and for a client of a unix socket, it is `PROXY UNKNOWN` in version 1 and `LOCAL` in
 *   version 2, as HAProxy sends it.
 * - When the client and the address that it reached are not of the same family, both are written as IPv6 addresses.
 * - Version 2 also tells what is known of the client's TLS connection and of its id at a proxy in front.
 */
export function proxyHeaderOf(version: ProxyVersion, client?: HeaderSubject): Buffer {
  if (client === undefined) return version === 'v1' ? NOBODY_V1 : NOBODY_V2;
  const { peer, local } = client;
  const [from, to] = [withoutZone(peer.address), withoutZone(local.address)];
  if (isIP(from) === 0 || isIP(to) === 0) return version === 'v1' ? NOBODY_V1 : NOBODY_V2;
  const isV4 = isIPv4(from) && isIPv4(to);
  if (version === 'v1') {
    const [family, source, destination] = isV4 ? ['TCP4', from, to] : ['TCP6', asV6(from), asV6(to)];
    const ports = `${String(peer.port)} ${String(local.port)}`;
    return Buffer.from(`PROXY ${family} ${source} ${destination} ${ports}\r\n`, 'latin1');
  }
  const addressBytes = isV4 ? bytesOf : bytesAsV6;
  const ports = Buffer.alloc(4);
  ports.writeUInt16BE(peer.port, 0);
  ports.writeUInt16BE(local.port, 2);
  const addresses = [addressBytes(from), addressBytes(to), ports];
  return headerV2(PROXY, isV4 ? TCP4 : TCP6, [...addresses, ...recordsAbout(client)]);
}

function headerV2(command: number, family: number, parts: readonly Buffer[]): Buffer {
  const fixed = Buffer.alloc(FIXED_BYTES_V2);
  SIGNATURE_V2.copy(fixed);
  fixed[12] = command;
  fixed[13] = family;
  fixed.writeUInt16BE(
    parts.reduce((sum, { length }) => sum + length, 0),
    14,
  );
  return Buffer.concat([fixed, ...parts]);
}

function asV6(address: string): string {
  return isIPv4(address) ? `::ffff:${address}` : address;
}

/** An address without its zone, which only means something on this machine. */
function withoutZone(address: string): string {
  const zone = address.indexOf('%');
  return zone < 0 ? address : address.slice(0, zone);
}
