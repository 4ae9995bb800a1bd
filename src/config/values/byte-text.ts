/** The bytes of the escapes with one character. */
const SHORT: Readonly<Record<string, number>> = { r: 13, n: 10, t: 9, '0': 0, '\\': 92 };
const ESCAPE = /\\(?:x([0-9A-Fa-f]{2})|([rnt0\\]))/g;
/** The forms that {@link parseByteText} takes, in words for error messages. */
export const BYTE_TEXT_FORMS =
  'a text in which a backslash begins \\r, \\n, \\t, \\0, \\\\ or \\xHH with two hex digits';

/** The bytes that a text with escapes stands for; other characters are UTF-8. Throws an Error that says what is allowed. */
export function parseByteText(text: string): Buffer {
  if (text.replaceAll(ESCAPE, '').includes('\\')) throw new Error(`must be ${BYTE_TEXT_FORMS}`);
  const parts: Buffer[] = [];
  let end = 0;
  for (const match of text.matchAll(ESCAPE)) {
    const [escape, hex, short = ''] = match;
    const byte = hex === undefined ? (SHORT[short] ?? 0) : Number.parseInt(hex, 16);
    parts.push(Buffer.from(text.slice(end, match.index)), Buffer.from([byte]));
    end = match.index + escape.length;
  }
  return Buffer.concat([...parts, Buffer.from(text.slice(end))]);
}
