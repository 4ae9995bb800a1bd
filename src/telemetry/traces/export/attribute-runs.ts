import type { Attributes, AttributeValue } from '@opentelemetry/api';
import type { ByteWriter } from '../../byte-writer.ts';

/** How an encoding (OTLP, Jaeger) writes attributes. */
export interface AttributeEncoding {
  /** The bytes after a text value, as a string of which each character is one byte. */
  readonly afterText: string;
  /** Returns the prefixes of a key; called once for each key. */
  prefixesOf(key: string): AttributePrefixes;
  /** Writes any attribute. */
  writeOne(key: string, value: AttributeValue | undefined): void;
}

/** The bytes of an attribute before its value, as strings of which each character is one byte. */
export interface AttributePrefixes {
  /** The prefix of an ASCII text of that length; '' when there is none, and the attribute must be written with `writeOne`. */
  beforeText(length: number): string;
  /** The whole attribute with that number as its value; '' when there is none, and it must be written with `writeOne`. */
  withNumber(value: number): string;
}

/** Number of keys whose prefixes are kept. The spans have two dozen keys; those of a resource come from the operator. */
const MOST_KEYS = 256;

/**
 * Writes attributes.
 *
 * Most values are short ASCII texts or a status. A call out of JavaScript costs 100 ns, and a loop over characters 6 ns a character. So a run
 * of such attributes is joined into one string, which costs 5 ns each, and the string is written at once. Texts are written as UTF-8: if the
 * result has as many bytes as the string has characters, all of it was ASCII. All other attributes are written one by one.
 */
export class AttributeRuns {
  readonly #writer: ByteWriter;
  readonly #encoding: AttributeEncoding;
  readonly #prefixes = new Map<string, AttributePrefixes>();

  constructor(writer: ByteWriter, encoding: AttributeEncoding) {
    this.#writer = writer;
    this.#encoding = encoding;
  }

  /** Writes the attributes and returns their number. */
  write(attributes: Attributes): number {
    const start = this.#writer.length;
    const count = this.#writeRuns(attributes);
    if (count >= 0) return count;
    this.#writer.rewind(start);
    return this.#writeEach(attributes);
  }

  /** Returns -1 when a text is not ASCII; the bytes that were written are wrong then. */
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
        if (!writer.utf8(texts)) return -1;
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
    return texts === '' || writer.utf8(texts) ? count : -1;
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

/** Makes a flat copy of a string of bytes: strings that were joined from parts are slow to read. */
export function flat(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('latin1');
}
