/** One value of a DER encoding (X.690). */
export interface DerValue {
  readonly id: number;
  /** Tag, length and content. */
  readonly bytes: Buffer;
  readonly content: Buffer;
}

/**
 * The values that stand one after the other.
 *
 * @throws Error when the encoding is broken
 */
export function derValues(bytes: Buffer): DerValue[] {
  const values: DerValue[] = [];
  for (let at = 0; at < bytes.length;) {
    const value = derValueAt(bytes, at);
    values.push(value);
    at += value.bytes.length;
  }
  return values;
}

function derValueAt(bytes: Buffer, at: number): DerValue {
  const id = bytes[at];
  const first = bytes[at + 1];
  if (id === undefined || first === undefined) throw new Error('a value is cut off');
  const sizeBytes = first < 0x80 ? 0 : first - 0x80;
  // A length of more than 4 bytes is longer than any file, and 0x80 is a length that DER does not have.
  if (first === 0x80 || sizeBytes > 4 || at + 2 + sizeBytes > bytes.length)
    throw new Error('a length is wrong');
  const length = sizeBytes === 0 ? first : bytes.readUIntBE(at + 2, sizeBytes);
  const start = at + 2 + sizeBytes;
  if (start + length > bytes.length) throw new Error('a value is cut off');
  return { id, bytes: bytes.subarray(at, start + length), content: bytes.subarray(start, start + length) };
}

/** The text of an OBJECT IDENTIFIER, as in `1.2.840.113549.1.1.5`. */
export function objectIdText(content: Buffer): string {
  const parts: number[] = [];
  let value = 0;
  for (const byte of content) {
    value = value * 128 + (byte & 0x7f);
    if (byte >= 0x80) continue;
    if (parts.length > 0) parts.push(value);
    else {
      const first = Math.min(2, Math.floor(value / 40));
      parts.push(first, value - first * 40);
    }
    value = 0;
  }
  return parts.join('.');
}

/** A UTCTime or GeneralizedTime, in ms since 1970 (RFC 5280, section 4.1.2.5). */
export function derTimeMs({ id, content }: DerValue): number {
  const digits = content.toString('latin1');
  const isShort = id === 0x17;
  const match = (
    isShort ? /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)?Z$/ : /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)?Z$/
  ).exec(digits);
  if (match === null) throw new Error('a time is wrong');
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = match
    .slice(1)
    .map((part: string | undefined) => Number(part ?? 0));
  const century = year >= 50 ? 1900 : 2000;
  return Date.UTC(isShort ? century + year : year, month - 1, day, hour, minute, second);
}
