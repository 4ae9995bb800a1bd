import type { AttributeValue } from '@opentelemetry/api';
import { flat, isAscii, type AttributeEncoding, type AttributePrefixes } from '../attribute-runs.ts';
import { TAG, TAG_TYPE } from './jaeger-fields.ts';
import { THRIFT, type ThriftWriter } from './thrift-writer.ts';

/** Texts up to this length can be joined into a run: each byte of their length is ASCII. */
const LONGEST = 127;
/** Numbers below this one (statuses, small counts) have a prepared encoding. */
const SMALL_NUMBERS = 1024;
const STOP = '\0';

/** Writes attributes as structs of the type `Tag`. Numbers become doubles, as in the library. */
export class JaegerTags implements AttributeEncoding {
  readonly afterText = STOP;
  readonly #writer: ThriftWriter;

  constructor(writer: ThriftWriter) {
    this.#writer = writer;
  }

  prefixesOf(key: string): AttributePrefixes {
    return new JaegerPrefixes(key);
  }

  writeOne(key: string, value: AttributeValue | undefined): void {
    const writer = this.#writer;
    writer.field(THRIFT.text, TAG.key);
    writer.text(key);
    writer.field(THRIFT.i32, TAG.type);
    if (typeof value === 'number') {
      writer.i32(TAG_TYPE.double);
      writer.field(THRIFT.double, TAG.double);
      writer.double(value);
    } else if (typeof value === 'boolean') {
      writer.i32(TAG_TYPE.bool);
      writer.field(THRIFT.bool, TAG.bool);
      writer.bool(value);
    } else {
      writer.i32(TAG_TYPE.text);
      writer.field(THRIFT.text, TAG.text);
      writer.text(String(value));
    }
    writer.stop();
  }
}

/** The prepared encodings of a key: one for each length of a text, and one for each small number. */
class JaegerPrefixes implements AttributePrefixes {
  /** The field `key`, and the head of the field `type`. */
  readonly #key: string;
  readonly #isShort: boolean;
  readonly #texts: string[] = [];
  readonly #numbers: string[] = [];

  constructor(key: string) {
    this.#isShort = key.length <= LONGEST && isAscii(key);
    this.#key = field(THRIFT.text, TAG.key) + int32(key.length) + key + field(THRIFT.i32, TAG.type);
  }

  beforeText(length: number): string {
    if (length > LONGEST || !this.#isShort) return '';
    return (this.#texts[length] ??= flat(
      this.#key + int32(TAG_TYPE.text) + field(THRIFT.text, TAG.text) + int32(length),
    ));
  }

  withNumber(value: number): string {
    const isSmall = value >= 0 && value < SMALL_NUMBERS && Number.isInteger(value) && !Object.is(value, -0);
    if (!isSmall || !this.#isShort) return '';
    return (this.#numbers[value] ??= flat(
      this.#key + int32(TAG_TYPE.double) + field(THRIFT.double, TAG.double) + double(value) + STOP,
    ));
  }
}

function field(type: number, id: number): string {
  return String.fromCharCode(type, id >>> 8, id & 0xff);
}

/** Encodes a number below 256. */
function int32(value: number): string {
  return String.fromCharCode(0, 0, 0, value);
}

function double(value: number): string {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value);
  return bytes.toString('latin1');
}
