import { flat, isAscii, type AttributePrefixes } from '../attribute-runs.ts';
import { ANY_VALUE, KEY_VALUE } from './otlp-fields.ts';

/** The longest `KeyValue`, in bytes, in which each length takes one byte that is ASCII. */
const LONGEST = 127;
/** Numbers below this one (statuses, small counts) have a prepared encoding. */
const SMALL_NUMBERS = 1024;

/** The prepared encodings of a key: one for each length of a text, and one for each small number. To compose them is most of the work. */
export class OtlpPrefixes implements AttributePrefixes {
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
