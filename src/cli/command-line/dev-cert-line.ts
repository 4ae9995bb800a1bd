import { domainToASCII } from 'node:url';

import { isIpAddress } from '../../config/values/address.ts';

export interface DevCertLine {
  readonly command: 'dev-cert';
  /** Host names and IP addresses; for a client one name of any kind. */
  readonly names: readonly string[];
  /** Where the authority and the certificates are, as the user typed it. */
  readonly folder: string;
  readonly isForClient: boolean;
  readonly keyType: 'ecdsa' | 'rsa';
  /** How long the certificate is valid; undefined: as long as usual. */
  readonly days: number | undefined;
  /** Replace a certificate that is there already. */
  readonly force: boolean;
}

/** The options of `dev-cert`. */
export interface DevCertOptions {
  readonly folder?: string | undefined;
  readonly client?: boolean | undefined;
  readonly rsa?: boolean | undefined;
  readonly days?: string | undefined;
  readonly force?: boolean | undefined;
}

/** Relative to the working directory. */
const DEFAULT_FOLDER = 'certs';
/** Apple's systems refuse certificates that are valid for longer. */
const MAX_DAYS = 825;
/** The longest common name (RFC 5280, appendix A.1). */
const MAX_CLIENT_NAME = 64;
const HOST = /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*$/;

/** Reads names and options of `dev-cert`. Returns a text that says what is wrong with them, if anything is. */
export function readDevCert(words: readonly string[], options: DevCertOptions): DevCertLine | string {
  const isForClient = options.client === true;
  if (words.length === 0) return "dev-cert needs names, as in: dev-cert localhost '*.app.test' 127.0.0.1";
  const { days } = options;
  if (days !== undefined && !(/^[1-9]\d{0,3}$/.test(days) && Number(days) <= MAX_DAYS))
    return `--days needs a whole number from 1 to ${MAX_DAYS}, got '${days}'`;
  const names = isForClient ? clientName(words) : hostNames(words);
  if (typeof names === 'string') return names;
  return {
    command: 'dev-cert',
    names,
    folder: options.folder ?? DEFAULT_FOLDER,
    isForClient,
    keyType: options.rsa === true ? 'rsa' : 'ecdsa',
    days: days === undefined ? undefined : Number(days),
    force: options.force === true,
  };
}

function clientName(words: readonly string[]): readonly string[] | string {
  const [name = '', ...more] = words;
  if (more.length > 0) return `dev-cert --client takes one name, got '${words.join(' ')}'`;
  const isUsable = name.trim() !== '' && name.length <= MAX_CLIENT_NAME && !/\p{Cc}/u.test(name);
  return isUsable ? [name] : `the name of a client has 1 to ${MAX_CLIENT_NAME} characters`;
}

function hostNames(words: readonly string[]): readonly string[] | string {
  const names = new Set<string>();
  for (const word of words) {
    const name = hostName(word);
    if (name === undefined) return `'${word}' is no host name and no IP address${hintFor(word)}`;
    if (/^\*\.[^.]+$/.test(name))
      return `clients accept no certificate for '${word}': use a name below it, such as *.app${name.slice(1)}`;
    names.add(name);
  }
  return [...names];
}

/** The name as certificates have it, or undefined. */
function hostName(word: string): string | undefined {
  const address = word.replace(/^\[(.*)\]$/, '$1');
  if (isIpAddress(address)) return address;
  const wildcard = word.startsWith('*.') ? '*.' : '';
  // `domainToASCII` stops at these characters, or leaves them out, instead of saying that this is no name.
  if (/[\s\p{C}/?#\\@:%]/u.test(word)) return undefined;
  const host = domainToASCII(word.slice(wildcard.length).replace(/\.$/, ''));
  // A URL reads digits as an address: 127.1 is 127.0.0.1 there.
  return HOST.test(host) && !isIpAddress(host) ? wildcard + host : undefined;
}

function hintFor(word: string): string {
  if (word.includes('/')) return ': leave out what stands before and behind the name';
  if (/:\d+$/.test(word)) return ': leave out the port';
  return word.includes('*') ? ': a * can only be the whole first part, as in *.example.com' : '';
}
