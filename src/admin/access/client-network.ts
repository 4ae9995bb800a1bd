const MAPPED = '::ffff:';
/** Of the eight groups of an IPv6 address, those that name the network. */
const NETWORK_GROUPS = 4;

/**
 * Who counts as one client where connections are limited: an IPv4 address, or a /64 network of IPv6, since one host has
 * all addresses of its network. A unix socket has one client.
 *
 * @param address as a socket tells it
 */
export function clientNetwork(address: string | undefined): string {
  if (address === undefined) return 'unix';
  if (address.startsWith(MAPPED) && address.includes('.')) return address.slice(MAPPED.length);
  if (!address.includes(':')) return address;
  const [before = '', behind = ''] = address.replace(/%.*$/, '').split('::');
  const head = groupsOf(before);
  const tail = groupsOf(behind);
  const zeros = Array.from(
    { length: Math.max(0, 2 * NETWORK_GROUPS - head.length - tail.length) },
    () => '0',
  );
  return `${[...head, ...zeros, ...tail].slice(0, NETWORK_GROUPS).join(':')}::/64`;
}

function groupsOf(text: string): string[] {
  return text === '' ? [] : text.split(':');
}
