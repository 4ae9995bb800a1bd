import type { AttributeValue } from '@opentelemetry/api';
import { flat, isAscii, type AttributeEncoding, type AttributePrefixes } from '../attribute-runs.ts';
import { ANY_VALUE, ARRAY_VALUE, KEY_VALUE } from './otlp-fields.ts';
import type { ProtobufWriter } from './protobuf-writer.ts';

/** The longest `KeyValue`, in bytes, in which each length takes one byte that is ASCII. */
const LONGEST = 127;
/** Numbers below this one (statuses, small counts) have a prepared encoding. */
const SMALL_NUMBERS = 1024;

/** Writes attributes as messages of the type `KeyValue`. */
export class OtlpAttributes implements AttributeEncoding {
  readonly afterText = '';
  readonly #writer: ProtobufWriter;
  readonly #tag: number;

  /** @param tag tag of the field that holds the attributes; the field's number must be below 16 */
  constructor(writer: ProtobufWriter, tag: number) {
    this.#writer = writer;
    this.#tag = tag;
  }

  prefixesOf(key: string): AttributePrefixes {
    return new OtlpPrefixes(this.#tag, key);
  }

  writeOne(key: string, value: AttributeValue | undefined): void {
    const writer = this.#writer;
    const start = writer.open(this.#tag);
    writer.varint(KEY_VALUE.key);
    writer.text(key);
    const valueStart = writer.open(KEY_VALUE.value);
    this.#writeValue(value);
    writer.close(valueStart);
    writer.close(start);
  }

  /** Writes an `AnyValue`. An `AnyValue` without a field stands for null. */
  #writeValue(value: AttributeValue | null | undefined): void {
    const writer = this.#writer;
    if (typeof value === 'string') {
      writer.varint(ANY_VALUE.string);
      writer.text(value);
    } else if (typeof value === 'boolean') {
      writer.varint(ANY_VALUE.bool);
      writer.varint(Number(value));
    } else if (typeof value === 'number') {
      this.#writeNumber(value);
    } else if (Array.isArray(value)) {
      const start = writer.open(ANY_VALUE.array);
      for (const item of value) {
        const itemStart = writer.open(ARRAY_VALUE.values);
        this.#writeValue(item);
        writer.close(itemStart);
      }
      writer.close(start);
    }
  }

  #writeNumber(value: number): void {
    if (Number.isInteger(value) && value >= -(2 ** 63) && value < 2 ** 63) {
      this.#writer.varint(ANY_VALUE.int);
      this.#writer.varint(value);
    } else {
      this.#writer.varint(ANY_VALUE.double);
      this.#writer.double(value);
    }
  }
}

/** The prepared encodings of a key: one for each length of a text, and one for each small number. To compose them is most of the work. */
class OtlpPrefixes implements AttributePrefixes {
  readonly #tag: number;
  /** The field `key`, and the tag of the field `value`. */
  readonly #key: string;
  /** The longest text for which all lengths take one byte. */
  readonly #longestText: number;
  readonly #texts: string[] = [];
  readonly #numbers: string[] = [];

  /** @param tag tag of the field that holds the attributes; the field's number must be below 16 */
  constructor(tag: number, key: string) {
    this.#tag = tag;
    this.#key = String.fromCharCode(KEY_VALUE.key, key.length) + key + String.fromCharCode(KEY_VALUE.value);
    this.#longestText = isAscii(key) ? LONGEST - this.#key.length - 3 : -1;
  }

  beforeText(length: number): string {
    if (length > this.#longestText) return '';
    return (this.#texts[length] ??= this.#before(length + 2, ANY_VALUE.string, length));
  }

  withNumber(value: number): string {
    if (!(value >= 0 && value < SMALL_NUMBERS) || this.#longestText < 2 || !Number.isInteger(value))
      return '';
    return (this.#numbers[value] ??=
      value < 0x80
        ? this.#before(2, ANY_VALUE.int, value)
        : this.#before(3, ANY_VALUE.int, (value & 0x7f) | 0x80, value >>> 7));
  }

  #before(valueSize: number, ...value: readonly number[]): string {
    const size = this.#key.length + 1 + valueSize;
    return flat(String.fromCharCode(this.#tag, size) + this.#key + String.fromCharCode(valueSize, ...value));
  }
}
