import type { AttributeValue } from '@opentelemetry/api';
import type { AttributeEncoding, AttributePrefixes } from '../attribute-runs.ts';
import { ANY_VALUE, ARRAY_VALUE, KEY_VALUE } from './otlp-fields.ts';
import { OtlpPrefixes } from './otlp-prefixes.ts';
import type { ProtobufWriter } from './protobuf-writer.ts';

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
