/** A header name or a method: `token` of RFC 9110, section 5.6.2. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** Whether a text can be a header name or a method. */
export function isToken(text: string): boolean {
  return TOKEN.test(text);
}

/**
 * Whether a text can be the value of a header: no line breaks, no other controls but the tab, and nothing
 * beyond Latin-1, as heads are written in it (RFC 9110, section 5.5).
 */
export function isHeaderValue(text: string): boolean {
  return /^[\t\x20-\x7e\x80-\xff]*$/.test(text);
}

/** Headers that frame a message or belong to one connection: only the proxy itself writes them. */
export const FRAMING_HEADERS: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);
