import type { ResolvConf } from './sources/resolv-conf.ts';

const MAX_NAME_LENGTH = 253;

/**
 * The full names to ask for, in this order, until one exists. A name with a dot at its end is complete; a name with at least
 * `ndots` dots is tried as it is first, any other name in the `search` domains first.
 *
 * Source: resolv.conf(5).
 */
export function searchNames(
  host: string,
  { search, ndots }: Pick<ResolvConf, 'search' | 'ndots'>,
): readonly string[] {
  if (host.endsWith('.')) return [host.slice(0, -1)];
  const searched = search
    .map((domain) => `${host}.${domain}`)
    .filter((name) => name.length <= MAX_NAME_LENGTH);
  const dots = host.split('.').length - 1;
  return dots >= ndots ? [host, ...searched] : [...searched, host];
}
