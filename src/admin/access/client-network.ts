const MAPPED = '::ffff:';
/** The first groups of an IPv6 address, of eight, which name its network. */
const NETWORK_GROUPS = 4;

/**
 * The client that a connection counts for when connections are limited: an IPv4 address, or a /64 network of IPv6, because one host can use all
 * addresses of its network. All connections to a unix socket count for one client.
 *
 * @param address the peer's address as the socket tells it; undefined for a unix socket
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
