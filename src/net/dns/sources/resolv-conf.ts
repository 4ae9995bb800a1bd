import { isIP } from 'node:net';

/** How names are looked up, as `resolv.conf` says. */
export interface ResolvConf {
  /** IP addresses of name servers, in the order in which they are asked. Never empty. */
  readonly servers: readonly string[];
  /** Domains that a short name is tried in. */
  readonly search: readonly string[];
  /** A name with so many dots is tried as it is before it is tried in the `search` domains. */
  readonly ndots: number;
  /** How long one server may take; undefined where the file does not say. */
  readonly timeoutMs: number | undefined;
  /** How often the list of servers is gone through; undefined where the file does not say. */
  readonly attempts: number | undefined;
  /** Whether look-ups begin with another server each time. */
  readonly rotate: boolean;
}

/** When the file names no server, the server of this machine is asked. */
const DEFAULT_SERVERS = ['127.0.0.1'];
/** The limits that the C library has. */
const MAX_SERVERS = 3;
const MAX_NDOTS = 15;
const MAX_TIMEOUT_S = 30;
const MAX_ATTEMPTS = 5;

/**
 * Reads a `resolv.conf` as the C library does: unknown lines and options are passed over, the last of several `search` and
 * `domain` lines counts, and without any of them the domain of `hostName` is searched.
 *
 * Source: resolv.conf(5).
 */
export function parseResolvConf(text: string, hostName: string): ResolvConf {
  const servers: string[] = [];
  let search = domainOf(hostName);
  let ndots = 1;
  let timeoutMs: number | undefined;
  let attempts: number | undefined;
  let rotate = false;
  for (const line of text.split('\n')) {
    if (/^\s*[#;]/.test(line)) continue;
    const [keyword, ...values] = line.split(/\s+/).filter((word) => word !== '');
    if (keyword === 'nameserver') servers.push(...values.slice(0, 1).filter((server) => isIP(server) !== 0));
    else if (keyword === 'search') search = values.map(asDomain).filter((domain) => domain !== '');
    else if (keyword === 'domain')
      search = values
        .slice(0, 1)
        .map(asDomain)
        .filter((domain) => domain !== '');
    else if (keyword === 'options') {
      for (const option of values) {
        if (option === 'rotate') rotate = true;
        ndots = numberOf(option, 'ndots', 0, MAX_NDOTS) ?? ndots;
        const seconds = numberOf(option, 'timeout', 1, MAX_TIMEOUT_S);
        if (seconds !== undefined) timeoutMs = seconds * 1_000;
        attempts = numberOf(option, 'attempts', 1, MAX_ATTEMPTS) ?? attempts;
      }
    }
  }
  const known = servers.length === 0 ? DEFAULT_SERVERS : servers.slice(0, MAX_SERVERS);
  return { servers: known, search, ndots, timeoutMs, attempts, rotate };
}

/** The value of an option like `ndots:5`; undefined for another option, and when the value is no number. */
function numberOf(option: string, name: string, least: number, most: number): number | undefined {
  const [key, value = ''] = option.split(':');
  if (key !== name || !/^[0-9]+$/.test(value)) return undefined;
  return Math.min(Math.max(Number(value), least), most);
}

/** A domain in lower case without the dot at its end; '' for the root. */
function asDomain(text: string): string {
  return text.toLowerCase().replace(/\.$/, '');
}

function domainOf(hostName: string): string[] {
  const dot = hostName.indexOf('.');
  const domain = dot === -1 ? '' : asDomain(hostName.slice(dot + 1));
  return domain === '' ? [] : [domain];
}

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
