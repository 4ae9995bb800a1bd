/** All that may not stand in a field value as it is, and the backslash, which begins an escape. */
const UNSAFE = /[^\x20-\x5b\x5d-\x7e]/gu;

/**
 * A text that a peer chose, as a field value may hold it: each byte (UTF-8) of anything but visible ASCII and blanks becomes a backslash
 * and two hex digits, as in the names of certificates (RFC 4514, section 2.4). So it can't end the line that it is written to. Backslashes
 * stay, because such names have escapes of their own.
 */
export function fieldText(text: string): string {
  return text.replace(UNSAFE, escaped);
}

function escaped(character: string): string {
  if (character === '\\') return character;
  return Buffer.from(character).toString('hex').toUpperCase().replace(/../g, '\\$&');
}
