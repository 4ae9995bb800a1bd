import { BYTES_A_UNIT, ByteWriter } from '../../../byte-writer.ts';

/** Type ids of Thrift's binary protocol. */
export const THRIFT = { bool: 2, double: 4, i32: 8, i64: 10, text: 11, struct: 12, list: 15 } as const;

const STOP = 0;
const TWO_TO_32 = 0x1_0000_0000;

/**
 * Writes structs of Thrift's binary protocol.
 * See https://github.com/apache/thrift/blob/master/doc/specs/thrift-binary-protocol.md.
 */
export class ThriftWriter extends ByteWriter {
  /** Writes the head of a struct's field. */
  field(type: number, id: number): void {
    this.reserve(3);
    const { memory } = this;
    memory[this.end++] = type;
    memory[this.end++] = id >>> 8;
    memory[this.end++] = id;
  }

  /** Ends a struct, after its last field. */
  stop(): void {
    this.reserve(1);
    this.memory[this.end++] = STOP;
  }

  /** Begins a list. Its result must be given to {@link close}. */
  open(itemType: number): number {
    this.reserve(5);
    this.memory[this.end++] = itemType;
    this.end += 4;
    return this.end;
  }

  close(start: number, count: number): void {
    this.#put32(start - 4, count);
  }

  bool(value: boolean): void {
    this.reserve(1);
    this.memory[this.end++] = Number(value);
  }

  i32(value: number): void {
    this.reserve(4);
    this.#put32(this.end, value);
    this.end += 4;
  }

  /** Writes a whole number from 0 to 2^53. */
  i64(value: number): void {
    const high = Math.floor(value / TWO_TO_32);
    this.i32(high);
    this.i32(value - high * TWO_TO_32);
  }

  double(value: number): void {
    this.reserve(8);
    this.end = this.memory.writeDoubleBE(value, this.end);
  }

  /** Writes a string as UTF-8, with its length before it. */
  text(text: string): void {
    this.reserve(4 + text.length * BYTES_A_UNIT);
    const size = this.memory.write(text, this.end + 4, 'utf8');
    this.#put32(this.end, size);
    this.end += 4 + size;
  }

  #put32(at: number, value: number): void {
    const { memory } = this;
    memory[at] = value >>> 24;
    memory[at + 1] = value >>> 16;
    memory[at + 2] = value >>> 8;
    memory[at + 3] = value;
  }
}
