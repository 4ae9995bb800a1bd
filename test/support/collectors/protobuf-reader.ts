/** The value of one field of a protobuf message: a varint or a fixed number, or bytes that are text or a message. */
export type ProtobufValue = bigint | Buffer;

const VARINT = 0;
const FIXED_64 = 1;
const BYTES = 2;
const FIXED_32 = 5;

/** The fields of one message by their numbers, in the order in which they came. */
export class ProtobufMessage {
  readonly #fields = new Map<number, ProtobufValue[]>();

  constructor(bytes: Buffer) {
    let at = 0;
    const varint = (): bigint => {
      let value = 0n;
      for (let shift = 0n; ; shift += 7n) {
        const byte = bytes.readUInt8(at++);
        value |= BigInt(byte & 0x7f) << shift;
        if (byte < 0x80) return value;
      }
    };
    while (at < bytes.length) {
      const key = Number(varint());
      const kind = key & 7;
      let value: ProtobufValue;
      if (kind === VARINT) value = varint();
      else if (kind === FIXED_64) value = bytes.readBigUInt64LE((at += 8) - 8);
      else if (kind === FIXED_32) value = BigInt(bytes.readUInt32LE((at += 4) - 4));
      else if (kind === BYTES) {
        const length = Number(varint());
        if (at + length > bytes.length) throw new Error('a field is longer than its message');
        value = bytes.subarray(at, (at += length));
      } else throw new Error(`there is no wire type ${kind}`);
      const number = key >> 3;
      this.#fields.set(number, [...(this.#fields.get(number) ?? []), value]);
    }
  }

  has(field: number): boolean {
    return this.#fields.has(field);
  }

  /** 0 when it is absent, as protobuf has it. */
  number(field: number): bigint {
    const value = this.#fields.get(field)?.at(-1) ?? 0n;
    if (typeof value !== 'bigint') throw new Error(`field ${field} is no number`);
    return value;
  }

  bytes(field: number): Buffer {
    const value = this.#fields.get(field)?.at(-1) ?? Buffer.alloc(0);
    if (typeof value === 'bigint') throw new Error(`field ${field} holds no bytes`);
    return value;
  }

  text(field: number): string {
    return this.bytes(field).toString();
  }

  message(field: number): ProtobufMessage {
    return new ProtobufMessage(this.bytes(field));
  }

  messages(field: number): ProtobufMessage[] {
    return (this.#fields.get(field) ?? []).map((value) => {
      if (typeof value === 'bigint') throw new Error(`field ${field} holds no messages`);
      return new ProtobufMessage(value);
    });
  }
}
