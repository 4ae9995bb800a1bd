import { isIPv6 } from 'node:net';

const GROUPS_OF_NETWORK = 4;

/**
 * What counts as one client in limits: an IPv4 address; of an IPv6 address its network of 64 bits, because one client has all of that.
 * Other texts, such as `unix`, count as they are.
 */
export function addressKey(address: string): string {
  if (!address.includes(':') || !isIPv6(address)) return address;
  const [before = '', after] = address.split('::');
  const groups = before === '' ? [] : before.split(':');
  // `::` stands for as many zeros as are missing, at least one. What follows it counts only if it reaches into the network.
  if (after !== undefined) {
    const following = after === '' ? [] : after.split(':');
    const width = following.length + (after.includes('.') ? 1 : 0);
    while (groups.length + width < 8) groups.push('0');
    groups.push(...following);
  }
  const network = groups.slice(0, GROUPS_OF_NETWORK).map((group) => Number.parseInt(group, 16).toString(16));
  return `${network.join(':')}::/64`;
}
