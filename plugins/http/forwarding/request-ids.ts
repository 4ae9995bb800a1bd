import { randomFillSync } from 'node:crypto';

const ID_BYTES = 16;
const IDS_A_FILL = 256;
const DIGITS = Buffer.from('0123456789abcdef');
/** The index in the text of the two digits of each random byte. */
const PLACES = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];
const VERSION_PLACE = 14;
const VARIANT_PLACE = 19;

/**
 * Makes random UUIDs (RFC 9562 version 4) as flat strings. The UUIDs of `crypto.randomUUID` are chains of two-letter strings, which
 * cost more to write to two sockets than to make.
 */
export class RequestIds {
  readonly #random = new Uint8Array(ID_BYTES * IDS_A_FILL);
  readonly #text = Buffer.from('00000000-0000-4000-8000-000000000000');
  #used = this.#random.length;

  next(): string {
    const random = this.#random;
    if (this.#used === random.length) {
      randomFillSync(random);
      this.#used = 0;
    }
    const text = this.#text;
    const from = this.#used;
    for (let i = 0; i < ID_BYTES; i++) {
      const byte = random[from + i] as number;
      const place = PLACES[i] as number;
      text[place] = DIGITS[byte >> 4] as number;
      text[place + 1] = DIGITS[byte & 15] as number;
    }
    text[VERSION_PLACE] = DIGITS[4] as number;
    text[VARIANT_PLACE] = DIGITS[8 + ((random[from + 8] as number) & 3)] as number;
    this.#used = from + ID_BYTES;
    return text.latin1Slice(0, text.length);
  }
}
