import { flat, isAscii, type AttributePrefixes } from '../attribute-runs.ts';
import { ANY_VALUE, KEY_VALUE } from './otlp-fields.ts';

/** The most bytes of a `KeyValue` in which each length is one byte, and that ASCII. */
const LONGEST = 127;
/** Statuses and small counts are below. */
const SMALL_NUMBERS = 1024;

/** Made once for each key and length, and with the value for each small number: putting it together is most of the work. */
export class OtlpPrefixes implements AttributePrefixes {
  readonly #tag: number;
  /** The key as a field, and the tag of the value. */
  readonly #key: string;
  /** Lengths that are one byte, with what is in front of them, leave that many for a text. */
  readonly #longestText: number;
  readonly #texts: string[] = [];
  readonly #numbers: string[] = [];

  /** `tag` is that of the field, below 16, that holds attributes. */
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
