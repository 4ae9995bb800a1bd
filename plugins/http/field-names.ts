/** Field names that the proxy itself has to know, as small numbers. All others are UNKNOWN and pass untouched. */
export const UNKNOWN = 0;
export const HOST = 1;
export const CONNECTION = 2;
export const CONTENT_LENGTH = 3;
export const TRANSFER_ENCODING = 4;
export const UPGRADE = 5;
export const KEEP_ALIVE = 6;
export const PROXY_CONNECTION = 7;
export const TE = 8;
export const USER_AGENT = 9;
export const DATE = 10;
export const TRAILER = 11;
export const X_REQUEST_ID = 12;
export const X_FORWARDED_FOR = 13;
export const X_FORWARDED_PROTO = 14;
export const X_FORWARDED_HOST = 15;
export const X_REAL_IP = 16;
export const TRACEPARENT = 17;
export const VIA = 18;
export const FORWARDED = 19;
export const X_FORWARDED_PORT = 20;
export const MAX_FORWARDS = 21;
export const ACCEPT = 22;
export const TRACESTATE = 23;
export const B3 = 24;
export const X_B3_TRACEID = 25;
export const X_B3_SPANID = 26;
export const X_B3_PARENTSPANID = 27;
export const X_B3_SAMPLED = 28;
export const X_B3_FLAGS = 29;
export const UBER_TRACE_ID = 30;
export const REFERER = 24;

const NAMES: readonly (readonly [string, number])[] = [
  ['host', HOST],
  ['connection', CONNECTION],
  ['content-length', CONTENT_LENGTH],
  ['transfer-encoding', TRANSFER_ENCODING],
  ['upgrade', UPGRADE],
  ['keep-alive', KEEP_ALIVE],
  ['proxy-connection', PROXY_CONNECTION],
  ['te', TE],
  ['user-agent', USER_AGENT],
  ['date', DATE],
  ['trailer', TRAILER],
  ['x-request-id', X_REQUEST_ID],
  ['x-forwarded-for', X_FORWARDED_FOR],
  ['x-forwarded-proto', X_FORWARDED_PROTO],
  ['x-forwarded-host', X_FORWARDED_HOST],
  ['x-real-ip', X_REAL_IP],
  ['traceparent', TRACEPARENT],
  ['via', VIA],
  ['forwarded', FORWARDED],
  ['x-forwarded-port', X_FORWARDED_PORT],
  ['max-forwards', MAX_FORWARDS],
  ['accept', ACCEPT],
  ['tracestate', TRACESTATE],
  ['b3', B3],
  ['x-b3-traceid', X_B3_TRACEID],
  ['x-b3-spanid', X_B3_SPANID],
  ['x-b3-parentspanid', X_B3_PARENTSPANID],
  ['x-b3-sampled', X_B3_SAMPLED],
  ['x-b3-flags', X_B3_FLAGS],
  ['uber-trace-id', UBER_TRACE_ID],
  ['referer', REFERER],
];

interface Known {
  readonly bytes: Buffer;
  readonly id: number;
}

/** Known names by length: hardly any name of a message gets past that. */
const BY_LENGTH: readonly (readonly Known[] | undefined)[] = byLength();

/** Which known name, in any casing, `bytes[start, end)` is. The bytes must be a valid field name. */
export function identify(bytes: Buffer, start: number, end: number): number {
  const candidates = BY_LENGTH[end - start];
  if (candidates === undefined) return UNKNOWN;
  for (const candidate of candidates) {
    if (equalsIgnoringCase(bytes, start, end, candidate.bytes)) return candidate.id;
  }
  return UNKNOWN;
}

/**
 * Whether `bytes[start, end)` is `lower` in any casing. `lower` holds lower-case letters and dashes only, for which setting
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
  for (const [name, id] of NAMES) (table[name.length] ??= []).push({ bytes: Buffer.from(name), id });
  return table;
}
