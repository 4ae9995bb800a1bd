/** Reads an id's hexadecimal digits, and remembers the last one: that the next is the same is told sooner than read. */
export class IdBytes {
  readonly #bytes: Uint8Array;
  #digits = '';

  constructor(sizeBytes: number) {
    this.#bytes = new Uint8Array(sizeBytes);
  }

  /** Good until the next call. There have to be two digits for each byte. */
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

/** 0 to 9, and a to f of either case. */
function digitOf(code: number): number {
  return code < 0x3a ? code & 0xf : (code & 0xf) + 9;
}
