const FIRST_SIZE_BYTES = 64 * 1024;
/** One UTF-16 code unit of a string becomes at most this many bytes of UTF-8. */
const BYTES_A_UNIT = 3;

/** Text that grows, as UTF-8: half the work of growing a string and encoding it at the end. */
export class TextBuffer {
  #bytes = Buffer.allocUnsafe(FIRST_SIZE_BYTES);
  #length = 0;

  append(text: string): void {
    const needed = this.#length + text.length * BYTES_A_UNIT;
    if (needed > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(needed, 2 * this.#bytes.length));
      this.#bytes.copy(larger, 0, 0, this.#length);
      this.#bytes = larger;
    }
    this.#length += this.#bytes.write(text, this.#length, 'utf8');
  }

  /** What was appended. Nothing may be appended any more. */
  end(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }
}
