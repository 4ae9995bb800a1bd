import { BYTES_A_UNIT, ByteWriter } from '../../../byte-writer.ts';

/** A varint of 64 bits takes at most this many bytes. */
const VARINT_SIZE_BYTES = 10;
/** Wire types: the low three bits of a field's tag. */
export const WIRE_TYPE = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

/** The tag of a field. It takes one byte for field numbers below 16. */
export function tagOf(field: number, wireType: keyof typeof WIRE_TYPE): number {
  return (field << 3) | WIRE_TYPE[wireType];
}

/** Writes protobuf messages. See https://protobuf.dev/programming-guides/encoding/. */
export class ProtobufWriter extends ByteWriter {
  /**
   * Begins a message inside the present one. Its result must be given to {@link close}. The message's length is written before the message
   * and is not known yet: when it takes another number of bytes than `lengthSize`, `close` moves the message.
   */
  open(tag: number, lengthSize = 1): number {
    this.varint(tag);
    this.end += lengthSize;
    return this.end;
  }

  close(start: number, lengthSize = 1): void {
    const size = this.end - start;
    const moved = varintSize(size) - lengthSize;
    if (moved !== 0) {
      this.reserve(moved);
      this.memory.copyWithin(start + moved, start, this.end);
    }
    this.end = start - lengthSize;
    this.varint(size);
    this.end += size;
  }

  /** Writes an integer from -2^63 to below 2^64. A negative one takes ten bytes, as an `int64` does. */
  varint(value: number): void {
    this.reserve(VARINT_SIZE_BYTES + 1);
    if (value < 0 || value > 0x7fff_ffff) {
      this.#longVarint(value);
      return;
    }
    let rest = value;
    while (rest > 0x7f) {
      this.memory[this.end++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.memory[this.end++] = rest;
  }

  /** Writes a `fixed64` given as two halves, each below 2^32. */
  fixed64(high: number, low: number): void {
    this.fixed32(low);
    this.fixed32(high);
  }

  fixed32(value: number): void {
    this.reserve(4);
    const bytes = this.memory;
    const at = this.end;
    bytes[at] = value;
    bytes[at + 1] = value >>> 8;
    bytes[at + 2] = value >>> 16;
    bytes[at + 3] = value >>> 24;
    this.end = at + 4;
  }

  double(value: number): void {
    this.reserve(8);
    this.end = this.memory.writeDoubleLE(value, this.end);
  }

  /** Writes a few bytes, with their number before them. */
  bytes(from: Uint8Array): void {
    this.varint(from.length);
    this.raw(from);
  }

  /** Writes a string as UTF-8, with its length before it. */
  text(text: string): void {
    const expected = varintSize(text.length);
    this.reserve(VARINT_SIZE_BYTES + text.length * BYTES_A_UNIT);
    const start = this.end + expected;
    const size = this.memory.write(text, start, 'utf8');
    const moved = varintSize(size) - expected;
    if (moved > 0) this.memory.copyWithin(start + moved, start, start + size);
    this.varint(size);
    this.end += size;
  }

  #longVarint(value: number): void {
    let rest = BigInt.asUintN(64, BigInt(value));
    while (rest > 0x7fn) {
      this.memory[this.end++] = Number(rest & 0x7fn) | 0x80;
      rest >>= 7n;
    }
    this.memory[this.end++] = Number(rest);
  }
}

function varintSize(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  if (value < 0x20_0000) return 3;
  return value < 0x1000_0000 ? 4 : 5;
}
