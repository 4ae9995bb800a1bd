/** A header name or a method: `token` of RFC 9110, section 5.6.2. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** Anything but visible ASCII and blanks. */
const UNSAFE = /[^\x20-\x7e]/gu;

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

/**
 * A text that a peer chose, as a field value may hold it: each byte (UTF-8) of anything but visible ASCII and blanks becomes a backslash
 * and two hex digits, as in the names of certificates (RFC 4514, section 2.4). So it can't end the line that it is written to. Backslashes
 * stay, because such names have escapes of their own.
 */
export function fieldText(text: string): string {
  return text.replace(UNSAFE, escaped);
}

function escaped(character: string): string {
  return Buffer.from(character).toString('hex').toUpperCase().replace(/../g, '\\$&');
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
