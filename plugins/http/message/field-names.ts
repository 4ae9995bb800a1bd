/**
 * Fields that the proxy decides on or writes itself: framing, hop-by-hop, routing, what is said about the client, and the trace.
 * A client must not get one of them to a backend under another spelling.
 */
export const MANAGED_NAMES = [
  'host',
  'connection',
  'content-length',
  'transfer-encoding',
  'upgrade',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'x-request-id',
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-forwarded-host',
  'x-real-ip',
  'traceparent',
  'via',
  'forwarded',
  'x-forwarded-port',
  'max-forwards',
  'tracestate',
  'b3',
  'x-b3-traceid',
  'x-b3-spanid',
  'x-b3-parentspanid',
  'x-b3-sampled',
  'x-b3-flags',
  'uber-trace-id',
  'cdn-loop',
] as const;

/**
 * Fields that the proxy only reads. Rarely needed names stand last: only the first 32 numbers have a bit of their own in the bits
 * with which a head notes which names occur.
 */
const READ_NAMES = [
  'accept',
  'date',
  'referer',
  'user-agent',
  'authorization',
  'proxy-authorization',
] as const;

const NAMES = [...MANAGED_NAMES, ...READ_NAMES];

/** The number of a known name: its place in the list, counted from 1, so that each name has its own. */
function numberOf(name: (typeof NAMES)[number]): number {
  return NAMES.indexOf(name) + 1;
}

/** Field names that the proxy itself has to know, as small numbers. All others are UNKNOWN and pass untouched. */
export const UNKNOWN = 0;
export const HOST = numberOf('host');
export const CONNECTION = numberOf('connection');
export const CONTENT_LENGTH = numberOf('content-length');
export const TRANSFER_ENCODING = numberOf('transfer-encoding');
export const UPGRADE = numberOf('upgrade');
export const KEEP_ALIVE = numberOf('keep-alive');
export const PROXY_CONNECTION = numberOf('proxy-connection');
export const TE = numberOf('te');
export const USER_AGENT = numberOf('user-agent');
export const DATE = numberOf('date');
export const TRAILER = numberOf('trailer');
export const X_REQUEST_ID = numberOf('x-request-id');
export const X_FORWARDED_FOR = numberOf('x-forwarded-for');
export const X_FORWARDED_PROTO = numberOf('x-forwarded-proto');
export const X_FORWARDED_HOST = numberOf('x-forwarded-host');
export const X_REAL_IP = numberOf('x-real-ip');
export const TRACEPARENT = numberOf('traceparent');
export const VIA = numberOf('via');
export const FORWARDED = numberOf('forwarded');
export const X_FORWARDED_PORT = numberOf('x-forwarded-port');
export const MAX_FORWARDS = numberOf('max-forwards');
export const ACCEPT = numberOf('accept');
export const TRACESTATE = numberOf('tracestate');
export const B3 = numberOf('b3');
export const X_B3_TRACEID = numberOf('x-b3-traceid');
export const X_B3_SPANID = numberOf('x-b3-spanid');
export const X_B3_PARENTSPANID = numberOf('x-b3-parentspanid');
export const X_B3_SAMPLED = numberOf('x-b3-sampled');
export const X_B3_FLAGS = numberOf('x-b3-flags');
export const UBER_TRACE_ID = numberOf('uber-trace-id');
export const CDN_LOOP = numberOf('cdn-loop');
export const AUTHORIZATION = numberOf('authorization');
export const PROXY_AUTHORIZATION = numberOf('proxy-authorization');
export const REFERER = numberOf('referer');

/**
 * The number of a name that is not managed, but that applications take for a managed one: interfaces such as CGI and WSGI turn
 * `X-Real-IP`, `x_real_ip` and `X.Real-IP` all into the variable `HTTP_X_REAL_IP`.
 */
export const LOOK_ALIKE = NAMES.length + 1;

/** The name of the field that tells browsers to use HTTPS (RFC 6797). It is looked for by its name, because it is rarely looked for. */
export const HSTS_FIELD = 'strict-transport-security';

const DASH = 0x2d;

interface Known {
  readonly bytes: Buffer;
  readonly id: number;
  readonly isManaged: boolean;
}

/** Known names by length: the length alone rules out nearly all other names. */
const BY_LENGTH: readonly (readonly Known[] | undefined)[] = byLength();

/**
 * Which known name, in any casing, `bytes[start, end)` is, or {@link LOOK_ALIKE}. The bytes must be a valid field name, so that
 * setting bit 5 is exact for letters, digits and dashes.
 */
export function identify(bytes: Buffer, start: number, end: number): number {
  const candidates = BY_LENGTH[end - start];
  if (candidates === undefined) return UNKNOWN;
  for (const { bytes: name, id, isManaged } of candidates) {
    let at = 0;
    while (at < name.length && ((bytes[start + at] as number) | 0x20) === name[at]) at += 1;
    if (at === name.length) return id;
    if (name[at] === DASH && isManaged && isLikeRest(bytes, start, name, at)) return LOOK_ALIKE;
  }
  return UNKNOWN;
}

/** Whether the rest of a name differs only in casing and in the signs that stand in the place of dashes. */
function isLikeRest(bytes: Buffer, start: number, name: Buffer, from: number): boolean {
  for (let at = from; at < name.length; at++) {
    const byte = bytes[start + at] as number;
    if (name[at] === DASH ? isLetterOrDigit(byte) : (byte | 0x20) !== name[at]) return false;
  }
  return true;
}

function isLetterOrDigit(byte: number): boolean {
  const lower = byte | 0x20;
  return (lower >= 0x61 && lower <= 0x7a) || (byte >= 0x30 && byte <= 0x39);
}

/** Whether the proxy itself knows a name, because it writes or reads that field. `lowerName`: in lower case. */
export function isKnownName(lowerName: string): boolean {
  return (NAMES as readonly string[]).includes(lowerName);
}

/** A name as interfaces such as CGI compare names: in lower case, with a dash for everything that is not a letter or a digit. */
export function foldedName(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '-');
}

/**
 * Whether `bytes[start, end)` is `lower` in any casing. `lower` holds lower-case letters, digits and dashes only, for which setting
 * bit 5 is exact among the bytes of a token.
 */
export function equalsIgnoringCase(bytes: Buffer, start: number, end: number, lower: Buffer): boolean {
  if (end - start !== lower.length) return false;
  for (let i = 0; i < lower.length; i++) {
    if (((bytes[start + i] as number) | 0x20) !== lower[i]) return false;
  }
  return true;
}

function byLength(): (Known[] | undefined)[] {
  const table: (Known[] | undefined)[] = [];
  const managed: ReadonlySet<string> = new Set(MANAGED_NAMES);
  for (const name of NAMES) {
    const known = { bytes: Buffer.from(name), id: numberOf(name), isManaged: managed.has(name) };
    (table[name.length] ??= []).push(known);
  }
  return table;
}
