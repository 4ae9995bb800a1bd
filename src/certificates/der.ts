/** The tags of ASN.1 that certificates use (X.690, section 8). */
export const tag = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  objectId: 0x06,
  utf8: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

/** A value with its tag and length. */
export function tagged(id: number, content: Buffer): Buffer {
  const { length } = content;
  const sizes =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([id, ...sizes]), content]);
}

/** Values in a row, as one value. */
export function sequence(...parts: readonly Buffer[]): Buffer {
  return tagged(tag.sequence, Buffer.concat(parts));
}

export function objectId(text: string): Buffer {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number);
  return tagged(tag.objectId, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]));
}

function base128(value: number): number[] {
  const digits = [value & 0x7f];
  for (let rest = value >> 7; rest > 0; rest >>= 7) digits.unshift((rest & 0x7f) | 0x80);
  return digits;
}

export function booleanValue(value: boolean): Buffer {
  return tagged(tag.boolean, Buffer.from([value ? 0xff : 0]));
}

/** A whole number from 0 to 127. */
export function smallInteger(value: number): Buffer {
  return tagged(tag.integer, Buffer.from([value]));
}

/** Bits from the first byte on; the last `unused` bits of the last byte do not count. */
export function bitString(bytes: Buffer, unused = 0): Buffer {
  return tagged(tag.bitString, Buffer.concat([Buffer.from([unused]), bytes]));
}

/** A moment, whole seconds, in the form that its year asks for (RFC 5280, section 4.1.2.5). */
export function time(date: Date): Buffer {
  const digits = date.toISOString().replace(/\.\d+|[-:T]/g, '');
  return date.getUTCFullYear() < 2050
    ? tagged(tag.utcTime, Buffer.from(digits.slice(2)))
    : tagged(tag.generalizedTime, Buffer.from(digits));
}

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
