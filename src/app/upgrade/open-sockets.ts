import { fstatSync, readFileSync } from 'node:fs';
import { endianness } from 'node:os';

import type { Address } from '../../config/values/address.ts';

/** The state of a TCP socket that listens, as the kernel writes it. */
const LISTENING = '0A';
/** A flag of a unix socket that listens. */
const ACCEPTS_CONNECTIONS = 0x10000;
const IPV4_DIGITS = 8;

/**
 * The address that a listening socket is bound to, by what Linux shows in `/proc/net` (proc(5)); undefined for a descriptor of anything
 * else.
 */
export function openSocketAt(fd: number): Address | undefined {
  let inode: string;
  try {
    const found = fstatSync(fd);
    if (!found.isSocket()) return undefined;
    inode = String(found.ino);
  } catch {
    return undefined;
  }
  return tcpAddress(inode) ?? unixAddress(inode);
}

/** `sl local_address rem_address st tx_queue:rx_queue tr:when retrnsmt uid timeout inode …` */
function tcpAddress(inode: string): Address | undefined {
  for (const table of ['tcp', 'tcp6']) {
    for (const line of linesOf(table)) {
      const [, local = '', , state, , , , , , found] = line.trim().split(/\s+/);
      if (found !== inode || state !== LISTENING) continue;
      const [host = '', port = ''] = local.split(':');
      return { kind: 'tcp', host: ipOf(host), port: Number.parseInt(port, 16) };
    }
  }
  return undefined;
}

/** `Num RefCount Protocol Flags Type St Inode Path` */
function unixAddress(inode: string): Address | undefined {
  for (const line of linesOf('unix')) {
    const [, flags = '', found, path = ''] = /^\S+ \S+ \S+ (\S+) \S+ \S+ +(\d+) ?(.*)$/.exec(line) ?? [];
    if (found !== inode || (Number.parseInt(flags, 16) & ACCEPTS_CONNECTIONS) === 0) continue;
    return { kind: 'unix', path: path.startsWith('@') ? `\0${path.slice(1)}` : path };
  }
  return undefined;
}

function linesOf(table: string): readonly string[] {
  try {
    return readFileSync(`/proc/net/${table}`, 'utf8').split('\n').slice(1);
  } catch {
    return [];
  }
}

/** The kernel writes an address as words of 32 bits in the order of the machine. */
function ipOf(hex: string): string {
  const bytes = Buffer.from(hex, 'hex');
  if (endianness() === 'LE') bytes.swap32();
  if (hex.length === IPV4_DIGITS) return [...bytes].join('.');
  const groups = Array.from({ length: bytes.length / 2 }, (_, index) =>
    bytes.readUInt16BE(2 * index).toString(16),
  );
  // The URL parser writes the shortest form.
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
}
