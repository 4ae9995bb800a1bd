const NOT_ASCII = /[\x80-\xff]/;
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * The text that a field of a message stands for, for people: logs, spans, records. Its bytes are read as UTF-8 where they are
 * UTF-8, as nearly all clients mean them, and else as Latin-1, in which each byte is a character. Written to a log without
 * that, `é` would be encoded a second time, as `Ã©`.
 *
 * @param bytes each character is one byte (latin1)
 *
 * Source: RFC 9110, section 5.5.
 */
export function textOfBytes(bytes: string): string {
  if (!NOT_ASCII.test(bytes)) return bytes;
  try {
    return UTF8.decode(Buffer.from(bytes, 'latin1'));
  } catch {
    return bytes;
  }
}
