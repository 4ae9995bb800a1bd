import type { Attributes, AttributeValue } from '@opentelemetry/api';
import { AttributePrefixes } from './attribute-prefixes.ts';
import { ANY_VALUE, ARRAY_VALUE, KEY_VALUE } from './otlp-fields.ts';
import type { ProtobufWriter } from './protobuf-writer.ts';

/** Ours are two dozen; those of a resource are the operator's. */
const MOST_KEYS = 256;

/**
 * Writes attributes as fields of the type `KeyValue`.
 *
 * Most are short ASCII or a status. A call out of JavaScript costs 100 ns and a loop over characters 6 ns for each, so that these
 * are put together as strings, which costs 5 ns each, and written at once: the texts among them as UTF-8, which takes no
 * more bytes than characters if all is ASCII indeed. All others are written one by one.
 */
export class OtlpAttributes {
  readonly #writer: ProtobufWriter;
  readonly #tag: number;
  readonly #prefixes = new Map<string, AttributePrefixes>();

  /** `tag` is that of the field, below 16, that holds attributes. */
  constructor(writer: ProtobufWriter, tag: number) {
    this.#writer = writer;
    this.#tag = tag;
  }

  write(attributes: Attributes): void {
    const start = this.#writer.length;
    if (this.#writeRuns(attributes)) return;
    this.#writer.rewind(start);
    for (const key in attributes) this.#writeOne(key, attributes[key]);
  }

  /** False when a text is not ASCII: then what was written is wrong. */
  #writeRuns(attributes: Attributes): boolean {
    const writer = this.#writer;
    let texts = '';
    let numbers = '';
    for (const key in attributes) {
      const value = attributes[key];
      const prefixes = this.#prefixes.get(key) ?? this.#addKey(key);
      let text = '';
      let number = '';
      if (typeof value === 'string') {
        text = prefixes.beforeText(value.length);
        if (text !== '') text += value;
      } else if (typeof value === 'number') number = prefixes.withNumber(value);
      if (text === '' && texts !== '') {
        if (!writer.ascii(texts)) return false;
        texts = '';
      }
      if (number === '' && numbers !== '') {
        writer.latin1(numbers);
        numbers = '';
      }
      if (text !== '') texts += text;
      else if (number !== '') numbers += number;
      else this.#writeOne(key, value);
    }
    if (numbers !== '') writer.latin1(numbers);
    return texts === '' || writer.ascii(texts);
  }

  #addKey(key: string): AttributePrefixes {
    const prefixes = new AttributePrefixes(this.#tag, key);
    if (this.#prefixes.size < MOST_KEYS) this.#prefixes.set(key, prefixes);
    return prefixes;
  }

  #writeOne(key: string, value: AttributeValue | undefined): void {
    const writer = this.#writer;
    const start = writer.open(this.#tag);
    writer.varint(KEY_VALUE.key);
    writer.text(key);
    const valueStart = writer.open(KEY_VALUE.value);
    this.#writeValue(value);
    writer.close(valueStart);
    writer.close(start);
  }

  /** An `AnyValue`. One without a value stands for null. */
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
