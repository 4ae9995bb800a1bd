/** Parses the hexadecimal digits of an id. It keeps the last id: to see that the next one is equal is faster than to parse it. */
export class IdBytes {
  readonly #bytes: Uint8Array;
  #digits = '';

  constructor(sizeBytes: number) {
    this.#bytes = new Uint8Array(sizeBytes);
  }

  /** The bytes of an id, valid until the next call. There must be two digits for each byte. */
  of(digits: string): Uint8Array {
    if (digits === this.#digits) return this.#bytes;
    const bytes = this.#bytes;
    for (let at = 0; at < bytes.length; at++) {
      bytes[at] = (digitOf(digits.charCodeAt(2 * at)) << 4) | digitOf(digits.charCodeAt(2 * at + 1));
    }
    this.#digits = digits;
    return bytes;
  }
}

/** The value of the digits 0 to 9, a to f and A to F. */
function digitOf(code: number): number {
  return code < 0x3a ? code & 0xf : (code & 0xf) + 9;
}
