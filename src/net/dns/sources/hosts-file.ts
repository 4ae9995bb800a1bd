import { isIP } from 'node:net';

/** Addresses by name. Names are in lower case; the addresses of a name are in the order of the file. */
export type HostsTable = ReadonlyMap<string, readonly string[]>;

/**
 * Reads a hosts file: an address and its names on each line. Lines without an address are passed over. A name that stands on
 * several lines has all their addresses.
 *
 * Source: hosts(5).
 */
export function parseHosts(text: string): HostsTable {
  const table = new Map<string, string[]>();
  for (const line of text.split('\n')) {
    const comment = line.indexOf('#');
    const [address, ...names] = (comment === -1 ? line : line.slice(0, comment)).trim().split(/\s+/);
    if (address === undefined || isIP(address) === 0) continue;
    for (const written of names) {
      const name = written.toLowerCase().replace(/\.$/, '');
      const known = table.get(name);
      if (known === undefined) table.set(name, [address]);
      else if (!known.includes(address)) known.push(address);
    }
  }
  return table;
}

const LOOPBACK = ['127.0.0.1', '::1'];

/**
 * The addresses that a name has without any name server: those of the hosts file, and those of this machine for `localhost`
 * and every name under it. Undefined when a name server has to be asked.
 *
 * Source: RFC 6761, section 6.3.
 */
export function localAddresses(host: string, hosts: HostsTable): readonly string[] | undefined {
  const name = host.toLowerCase().replace(/\.$/, '');
  const known = hosts.get(name);
  if (known !== undefined) return known;
  return name === 'localhost' || name.endsWith('.localhost') ? LOOPBACK : undefined;
}
