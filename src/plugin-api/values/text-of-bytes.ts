const NOT_ASCII = /[\x80-\xff]/;
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * The readable text of a field of a message, for logs, spans and records. Bytes that are valid UTF-8 are read as UTF-8, which nearly
 * all clients mean, and others as Latin-1, in which each byte is one character. Without this, a log would encode `é` a second time, as
 * `Ã©`.
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
