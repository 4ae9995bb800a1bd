const FIRST_SIZE_BYTES = 64 * 1024;
/** The most bytes that a varint of 64 bits takes. */
const VARINT_SIZE_BYTES = 10;
/** The most bytes of UTF-8 that one unit of a string becomes. */
const BYTES_A_UNIT = 3;
/** The low three bits of a field's tag. */
export const WIRE_TYPE = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

/** The tag of a field, for those below 16 one byte. */
export function tagOf(field: number, wireType: keyof typeof WIRE_TYPE): number {
  return (field << 3) | WIRE_TYPE[wireType];
}

/**
 * Writes protobuf messages into a buffer that grows.
 * See https://protobuf.dev/programming-guides/encoding/.
 */
export class ProtobufWriter {
  #bytes = Buffer.allocUnsafeSlow(FIRST_SIZE_BYTES);
  /** The memory of what was taken last. */
  #taken = Buffer.allocUnsafeSlow(FIRST_SIZE_BYTES);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Forgets what was written since {@link length} was that. */
  rewind(length: number): void {
    this.#length = length;
  }

  /**
   * What was written. It stays as it is until the next is taken: two pieces of memory serve in turn, as one of some hundred KiB
   * that is new each time costs more than writing to it.
   */
  take(): Buffer {
    const bytes = this.#bytes;
    const written = bytes.subarray(0, this.#length);
    this.#bytes = this.#taken;
    this.#taken = bytes;
    this.#length = 0;
    return written;
  }

  /**
   * Begins a message within the one at hand; {@link close} wants what it returns. The message's length is in front of it and
   * not known yet: when it takes other than `lengthSize` bytes, the message is moved.
   */
  open(tag: number, lengthSize = 1): number {
    this.varint(tag);
    this.#length += lengthSize;
    return this.#length;
  }

  close(start: number, lengthSize = 1): void {
    const size = this.#length - start;
    const moved = varintSize(size) - lengthSize;
    if (moved !== 0) {
      this.#reserve(moved);
      this.#bytes.copyWithin(start + moved, start, this.#length);
    }
    this.#length = start - lengthSize;
    this.varint(size);
    this.#length += size;
  }

  /** An integer from -2^63 to below 2^64: a negative one takes ten bytes, as an `int64` does. */
  varint(value: number): void {
    this.#reserve(VARINT_SIZE_BYTES + 1);
    if (value < 0 || value > 0x7fff_ffff) {
      this.#longVarint(value);
      return;
    }
    let rest = value;
    while (rest > 0x7f) {
      this.#bytes[this.#length++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.#bytes[this.#length++] = rest;
  }

  /** A `fixed64` of two halves, each below 2^32. */
  fixed64(high: number, low: number): void {
    this.fixed32(low);
    this.fixed32(high);
  }

  fixed32(value: number): void {
    this.#reserve(4);
    const bytes = this.#bytes;
    const at = this.#length;
    bytes[at] = value;
    bytes[at + 1] = value >>> 8;
    bytes[at + 2] = value >>> 16;
    bytes[at + 3] = value >>> 24;
    this.#length = at + 4;
  }

  double(value: number): void {
    this.#reserve(8);
    this.#length = this.#bytes.writeDoubleLE(value, this.#length);
  }

  /** A few bytes, fewer than 128, and their count in front. */
  bytes(from: Uint8Array): void {
    const count = from.length;
    this.#reserve(1 + count);
    const bytes = this.#bytes;
    const start = this.#length + 1;
    bytes[start - 1] = count;
    for (let i = 0; i < count; i++) bytes[start + i] = from[i] ?? 0;
    this.#length = start + count;
  }

  /** A string as UTF-8, and its length in front. */
  text(text: string): void {
    const expected = varintSize(text.length);
    this.#reserve(VARINT_SIZE_BYTES + text.length * BYTES_A_UNIT);
    const start = this.#length + expected;
    const size = this.#bytes.write(text, start, 'utf8');
    const moved = varintSize(size) - expected;
    if (moved > 0) this.#bytes.copyWithin(start + moved, start, start + size);
    this.varint(size);
    this.#length += size;
  }

  /** A string that is ASCII, as it is. False when it is not: then what is written is its UTF-8. */
  ascii(text: string): boolean {
    this.#reserve(text.length * BYTES_A_UNIT);
    const size = this.#bytes.write(text, this.#length, 'utf8');
    this.#length += size;
    return size === text.length;
  }

  /** A string of which each character is one byte, as it is. */
  latin1(bytes: string): void {
    this.#reserve(bytes.length);
    this.#length += this.#bytes.write(bytes, this.#length, 'latin1');
  }

  #longVarint(value: number): void {
    let rest = BigInt.asUintN(64, BigInt(value));
    while (rest > 0x7fn) {
      this.#bytes[this.#length++] = Number(rest & 0x7fn) | 0x80;
      rest >>= 7n;
    }
    this.#bytes[this.#length++] = Number(rest);
  }

  #reserve(sizeBytes: number): void {
    const needed = this.#length + sizeBytes;
    if (needed > this.#bytes.length) this.#grow(needed);
  }

  #grow(needed: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#bytes.length));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}

function varintSize(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  if (value < 0x20_0000) return 3;
  return value < 0x1000_0000 ? 4 : 5;
}
