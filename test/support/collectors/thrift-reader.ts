export type ThriftStruct = Map<number, ThriftValue>;
export type ThriftValue = boolean | number | bigint | string | ThriftValue[] | ThriftStruct;

/** Reads a struct in Thrift's binary protocol; fields by their number. */
export function readThriftStruct(bytes: Buffer): ThriftStruct {
  const reader = new Reader(bytes);
  const struct = reader.struct();
  if (reader.offset !== bytes.length) throw new Error(`${bytes.length - reader.offset} bytes are left`);
  return struct;
}

class Reader {
  offset = 0;
  readonly #bytes: Buffer;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  struct(): ThriftStruct {
    const fields: ThriftStruct = new Map();
    for (
      let type = this.#bytes.readInt8(this.#skip(1));
      type !== 0;
      type = this.#bytes.readInt8(this.#skip(1))
    ) {
      const id = this.#bytes.readInt16BE(this.#skip(2));
      fields.set(id, this.#value(type));
    }
    return fields;
  }

  #value(type: number): ThriftValue {
    switch (type) {
      case 2:
        return this.#bytes.readInt8(this.#skip(1)) !== 0;
      case 3:
        return this.#bytes.readInt8(this.#skip(1));
      case 4:
        return this.#bytes.readDoubleBE(this.#skip(8));
      case 6:
        return this.#bytes.readInt16BE(this.#skip(2));
      case 8:
        return this.#bytes.readInt32BE(this.#skip(4));
      case 10:
        return this.#bytes.readBigInt64BE(this.#skip(8));
      case 11: {
        const length = this.#bytes.readInt32BE(this.#skip(4));
        const start = this.#skip(length);
        return this.#bytes.toString('utf8', start, start + length);
      }
      case 12:
        return this.struct();
      case 14:
      case 15: {
        const itemType = this.#bytes.readInt8(this.#skip(1));
        const count = this.#bytes.readInt32BE(this.#skip(4));
        return Array.from({ length: count }, () => this.#value(itemType));
      }
      default:
        throw new Error(`unknown Thrift type ${type}`);
    }
  }

  #skip(sizeBytes: number): number {
    const start = this.offset;
    this.offset += sizeBytes;
    return start;
  }
}
