/** Networks of this length or shorter hold at least a quarter of all addresses that clients have. No network of proxies is so large. */
const LONGEST_V4 = 2;
/** All public IPv6 addresses are in `2000::/3`. */
const LONGEST_V6 = 3;
/** An IPv4 network as IPv6 sockets see it. */
const MAPPED = /^::ffff:/i;
const MAPPED_BITS = 96;

/**
 * Whether a network that is to be trusted holds all clients, or a large part of them, such as `0.0.0.0/0` and `::/0`. Then any client can
 * claim to be another one.
 */
export function takesEverybody(network: string): boolean {
  const [address = '', length] = network.split('/');
  if (length === undefined) return false;
  if (!address.includes(':')) return Number(length) <= LONGEST_V4;
  return Number(length) <= (MAPPED.test(address) ? MAPPED_BITS + LONGEST_V4 : LONGEST_V6);
}
