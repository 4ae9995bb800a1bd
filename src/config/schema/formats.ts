import { isIP } from 'node:net';
import { messageOf } from '../../errors.ts';
import { ADDRESS_FORMS, formatAddress, parseAddress } from '../values/address.ts';
import { ALGORITHMS, parseAlgorithm } from '../values/algorithm.ts';
import { BACKEND_ADDRESS_FORMS, parseBackendAddress } from '../values/backend-address.ts';
import { INCLUDE_FORMS, checkIncludePattern } from '../values/include-pattern.ts';
import { HASH_KEY_FORMS, formatHashKey, parseHashKey } from '../values/hash-key.ts';
import { isHeaderValue, isToken } from '../../plugin-api/values/http-syntax.ts';
import { BYTE_TEXT_FORMS, parseByteText } from '../values/byte-text.ts';
import { parseFilter } from '../log-filter/parse-filter.ts';
import { parseRetryCondition, RETRY_CONDITION_FORMS } from '../values/retry-condition.ts';
import { parseStatusRanges } from '../../plugin-api/values/status-ranges.ts';
import { NAME_SERVER_FORMS, parseNameServer } from '../values/name-server.ts';
import { CIPHER_SUITE_FORMS, parseCipherSuite } from '../values/tls/cipher-suite.ts';
import { CURVE_FORMS, parseCurve } from '../values/tls/curve.ts';
import {
  SERVER_NAME_FORMS,
  SNI_NAME_FORMS,
  TLS_NAME_FORMS,
  parseServerName,
  parseSniName,
  parseTlsName,
} from '../values/tls/tls-name.ts';
import {
  DURATION_FORMS,
  MAX_AGE_MS,
  SIZE_FORMS,
  formatDuration,
  formatSize,
  parseDurationMs,
  parseSizeBytes,
} from '../values/units.ts';

/** As the schema has it. */
const MOST_WORKERS = 64;
/** The forms that {@link parseSocketMode} takes, in words for error messages. */
const SOCKET_MODES = "permissions as three octal digits in quotes, such as '0660'";

/** The forms that {@link parseWorkerCount} takes, in words for error messages. */
const WORKER_COUNTS = `a whole number from 1 to ${MOST_WORKERS}, or auto`;

/** One `format` of the schema. */
export interface Format {
  /** What is allowed, after "must be". */
  readonly expected: string;
  /** Turns the text into the value of the normalized config. Throws an Error that says what is allowed and never repeats the text. */
  parse(text: string): string | number;
  /** Turns a number back into a text that {@link parse} accepts. Only for formats that give numbers. */
  print?(value: number): string;
}

const durations = `a duration with its unit, such as ${DURATION_FORMS}`;
const urlPaths = 'a path that starts with / and has no query, fragment, space or control character';
const hostPatterns = 'a host name without port, or *. and a domain';
const networks = 'an IP address or a network such as 10.0.0.0/8 or 2001:db8::/32';
const names = 'a name of 1 to 100 visible characters';

/** What a token must be, after "must be". */
export const BEARER_TOKENS =
  'a token of at least 16 characters: letters, digits and - . _ ~ + / =, as `openssl rand -hex 32` writes one';

/** All formats of the schema by name. */
export const FORMATS: Readonly<Record<string, Format>> = {
  duration: { expected: durations, parse: parseDurationMs, print: formatDuration },
  'positive-duration': {
    expected: `${durations}, longer than 0`,
    parse: (text) => parseDurationMs(text) || fail('must be longer than 0'),
    print: formatDuration,
  },
  age: {
    expected: `${durations}, longer than 0`,
    parse: (text) => parseDurationMs(text, MAX_AGE_MS) || fail('must be longer than 0'),
    print: formatDuration,
  },
  'age-or-zero': {
    expected: durations,
    parse: (text) => parseDurationMs(text, MAX_AGE_MS),
    print: formatDuration,
  },
  size: { expected: `a size with its unit, such as ${SIZE_FORMS}`, parse: parseSizeBytes, print: formatSize },
  'listen-address': {
    expected: `an address: ${ADDRESS_FORMS}`,
    parse: (text) => formatAddress(parseAddress(text)),
  },
  'socket-mode': {
    expected: SOCKET_MODES,
    parse: parseSocketMode,
    print: (mode) => mode.toString(8).padStart(4, '0'),
  },
  'worker-count': { expected: WORKER_COUNTS, parse: parseWorkerCount },
  'name-server': {
    expected: `the IP address of a name server: ${NAME_SERVER_FORMS}`,
    parse: parseNameServer,
  },
  'backend-address': {
    expected: `the address of a server: ${BACKEND_ADDRESS_FORMS}`,
    parse: (text) => formatAddress(parseBackendAddress(text).address),
  },
  algorithm: { expected: `one of ${ALGORITHMS.join(', ')}`, parse: parseAlgorithm },
  'hash-key': { expected: HASH_KEY_FORMS, parse: (text) => formatHashKey(parseHashKey(text)) },
  'status-ranges': { expected: 'statuses as in 200, 200-399 or 200,204', parse: parsed(parseStatusRanges) },
  bytes: { expected: BYTE_TEXT_FORMS, parse: parsed(parseByteText) },
  'retry-condition': {
    expected: RETRY_CONDITION_FORMS,
    parse: parseRetryCondition,
  },
  network: matching(networks, isNetwork),
  name: matching(names, (text) => text.length <= 100 && /^[^\s\p{C}](?:[^\p{C}]*[^\s\p{C}])?$/u.test(text)),
  'url-path': matching(urlPaths, isUrlPath),
  'endpoint-path': matching(`empty or ${urlPaths}`, (text) => text === '' || isUrlPath(text)),
  'host-pattern': { expected: hostPatterns, parse: parseHostPattern },
  'header-name': matching('a header name: letters, digits, - and _', isToken),
  'header-value': matching('a header value without line breaks and control characters', isHeaderValue),
  // The protocol checks which variables a template may use.
  'header-template': matching('a header value without line breaks and control characters', isHeaderValue),
  'include-pattern': { expected: INCLUDE_FORMS, parse: checkIncludePattern },
  'http-url': matching('a URL that starts with http:// or https://', isHttpUrl),
  'bearer-token': matching(BEARER_TOKENS, isBearerToken),
  'log-output': matching('stdout, stderr or the name of a file', (text) => /^[^\p{Cc}]+$/u.test(text)),
  'log-filter': { expected: 'a filter such as status >= 500 or duration > 1s', parse: parsed(parseFilter) },
  'cipher-suite': { expected: CIPHER_SUITE_FORMS, parse: parseCipherSuite },
  curve: { expected: CURVE_FORMS, parse: parseCurve },
  'tls-name': { expected: TLS_NAME_FORMS, parse: parseTlsName },
  'sni-name': { expected: SNI_NAME_FORMS, parse: parseSniName },
  'server-name': { expected: SERVER_NAME_FORMS, parse: parseServerName },
  'alpn-protocol': matching(
    'the name of a protocol, such as http/1.1 or h2: 1 to 255 visible ASCII characters',
    (text) => /^[\x21-\x7e]{1,255}$/.test(text),
  ),
  regex: { expected: 'a JavaScript regular expression', parse: parseRegex },
};

function matching(expected: string, matches: (text: string) => boolean): Format {
  return { expected, parse: (text) => (matches(text) ? text : fail(`must be ${expected}`)) };
}

function parsed(parse: (text: string) => unknown): Format['parse'] {
  return (text) => {
    parse(text);
    return text;
  };
}

function fail(message: string): never {
  throw new Error(message);
}

function isUrlPath(text: string): boolean {
  return /^\/[^\s?#\p{C}]*$/u.test(text);
}

function parseHostPattern(text: string): string {
  // `shop.example.` names the same host as `shop.example` (RFC 1034 3.1).
  const pattern = text.endsWith('.') ? text.slice(0, -1) : text;
  if (pattern.endsWith('.')) fail(`must be ${hostPatterns}`);
  const host = pattern.startsWith('*.') ? pattern.slice(2) : pattern;
  try {
    // An address needs a port, so one is added.
    const address = parseAddress(`${host}:1`);
    if (address.kind === 'tcp' && address.host !== '') return pattern.toLowerCase();
  } catch {
    // Its message would be about ports, so it is not used.
  }
  return fail(`must be ${hostPatterns}`);
}

/** The `token68` of RFC 9110, section 11.2, long enough not to be guessed. */
export function isBearerToken(text: string): boolean {
  return /^[A-Za-z0-9._~+/-]{16,4096}=*$/.test(text);
}

function isNetwork(text: string): boolean {
  const [address = '', length, ...more] = text.split('/');
  const family = isIP(address);
  if (family === 0 || more.length > 0) return false;
  return (
    length === undefined || (/^(0|[1-9]\d{0,2})$/.test(length) && Number(length) <= (family === 4 ? 32 : 128))
  );
}

function isHttpUrl(text: string): boolean {
  return /^https?:\/\/[^\s]+$/i.test(text) && URL.canParse(text);
}

function parseRegex(text: string): string {
  try {
    new RegExp(text);
    return text;
  } catch (thrown) {
    // The engine's message repeats the pattern before it says what is wrong with it.
    const reason = messageOf(thrown).split(': ').at(-1) ?? '';
    return fail(`must be a JavaScript regular expression (${reason.toLowerCase()})`);
  }
}

/** Throws an Error that says what is allowed. */
function parseWorkerCount(text: string): number | 'auto' {
  if (text === 'auto') return text;
  const count = /^[1-9]\d?$/.test(text) ? Number(text) : 0;
  if (count < 1 || count > MOST_WORKERS) throw new Error(`must be ${WORKER_COUNTS}`);
  return count;
}

/** Reads permissions as chmod does. Throws an Error that says what is allowed. */
function parseSocketMode(text: string): number {
  if (!/^0?[0-7]{3}$/.test(text)) throw new Error(`must be ${SOCKET_MODES}`);
  return Number.parseInt(text, 8);
}
