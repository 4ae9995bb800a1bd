import type { Attributes, AttributeValue } from '@opentelemetry/api';
import type { ByteWriter } from './byte-writer.ts';

/** How an encoding has attributes. */
export interface AttributeEncoding {
  /** What follows a text, as a string whose characters are bytes. */
  readonly afterText: string;
  /** Asked once for each key. */
  prefixesOf(key: string): AttributePrefixes;
  /** Writes any attribute. */
  writeOne(key: string, value: AttributeValue | undefined): void;
}

/** What is written of an attribute in front of its value, as strings whose characters are bytes. */
export interface AttributePrefixes {
  /** Goes before a text of that length if all of it is ASCII; '' when there is no such string. */
  beforeText(length: number): string;
  /** The whole attribute with a number as value; '' when there is no such string. */
  withNumber(value: number): string;
}

/** Ours are two dozen; those of a resource are the operator's. */
const MOST_KEYS = 256;

/**
 * Writes attributes.
 *
 * Most are short ASCII or a status. A call out of JavaScript costs 100 ns and a loop over characters 6 ns for each, so that these
 * are put together as strings, which costs 5 ns each, and written at once: the texts among them as UTF-8, which takes no
 * more bytes than characters if all is ASCII indeed. All others are written one by one.
 */
export class AttributeRuns {
  readonly #writer: ByteWriter;
  readonly #encoding: AttributeEncoding;
  readonly #prefixes = new Map<string, AttributePrefixes>();

  constructor(writer: ByteWriter, encoding: AttributeEncoding) {
    this.#writer = writer;
    this.#encoding = encoding;
  }

  /** Returns how many there are. */
  write(attributes: Attributes): number {
    const start = this.#writer.length;
    const count = this.#writeRuns(attributes);
    if (count >= 0) return count;
    this.#writer.rewind(start);
    return this.#writeEach(attributes);
  }

  /** -1 when a text is not ASCII: then what was written is wrong. */
  #writeRuns(attributes: Attributes): number {
    const writer = this.#writer;
    const { afterText } = this.#encoding;
    let count = 0;
    let texts = '';
    let numbers = '';
    for (const key in attributes) {
      count++;
      const value = attributes[key];
      const prefixes = this.#prefixes.get(key) ?? this.#addKey(key);
      let text = '';
      let number = '';
      if (typeof value === 'string') {
        text = prefixes.beforeText(value.length);
        if (text !== '') text += value + afterText;
      } else if (typeof value === 'number') number = prefixes.withNumber(value);
      if (text === '' && texts !== '') {
        if (!writer.ascii(texts)) return -1;
        texts = '';
      }
      if (number === '' && numbers !== '') {
        writer.latin1(numbers);
        numbers = '';
      }
      if (text !== '') texts += text;
      else if (number !== '') numbers += number;
      else this.#encoding.writeOne(key, value);
    }
    if (numbers !== '') writer.latin1(numbers);
    return texts === '' || writer.ascii(texts) ? count : -1;
  }

  #writeEach(attributes: Attributes): number {
    let count = 0;
    for (const key in attributes) {
      count++;
      this.#encoding.writeOne(key, attributes[key]);
    }
    return count;
  }

  #addKey(key: string): AttributePrefixes {
    const prefixes = this.#encoding.prefixesOf(key);
    if (this.#prefixes.size < MOST_KEYS) this.#prefixes.set(key, prefixes);
    return prefixes;
  }
}

const ASCII = /^[\0-\x7f]*$/;

export function isAscii(text: string): boolean {
  return ASCII.test(text);
}

/** Flat, as strings that were put together are slow to read. */
export function flat(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('latin1');
}
