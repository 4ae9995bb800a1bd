const FIRST_SIZE_BYTES = 64 * 1024;
/** One UTF-16 code unit of a string becomes at most this many bytes of UTF-8. */
export const BYTES_A_UNIT = 3;

/** Writes bytes into memory that grows. */
export class ByteWriter {
  protected memory = Buffer.allocUnsafeSlow(FIRST_SIZE_BYTES);
  /** How much of the memory is written. */
  protected end = 0;
  /** The memory of what was taken last. */
  #taken = Buffer.allocUnsafeSlow(FIRST_SIZE_BYTES);

  get length(): number {
    return this.end;
  }

  /** Forgets what was written since {@link length} was that. */
  rewind(length: number): void {
    this.end = length;
  }

  /**
   * What was written. It stays as it is until the next is taken: two pieces of memory serve in turn, as one of some hundred KiB
   * that is new each time costs more than writing to it.
   */
  take(): Buffer {
    const bytes = this.memory;
    const written = bytes.subarray(0, this.end);
    this.memory = this.#taken;
    this.#taken = bytes;
    this.end = 0;
    return written;
  }

  /** Returns a copy of what was written since {@link length} was that, and forgets it. */
  takeBack(length: number): Buffer {
    const bytes = Buffer.from(this.memory.subarray(length, this.end));
    this.rewind(length);
    return bytes;
  }

  copy(from: Buffer): void {
    this.reserve(from.length);
    this.end += from.copy(this.memory, this.end);
  }

  /** The same for a few bytes, which take less time one by one. */
  raw(from: Uint8Array, start = 0, end = from.length): void {
    this.reserve(end - start);
    const { memory } = this;
    let at = this.end;
    for (let i = start; i < end; i++) memory[at++] = from[i] ?? 0;
    this.end = at;
  }

  /** A string that is ASCII, as it is. False when it is not: then what is written is its UTF-8. */
  ascii(text: string): boolean {
    this.reserve(text.length * BYTES_A_UNIT);
    const size = this.memory.write(text, this.end, 'utf8');
    this.end += size;
    return size === text.length;
  }

  /** A string of which each character is one byte, as it is. */
  latin1(bytes: string): void {
    this.reserve(bytes.length);
    this.end += this.memory.write(bytes, this.end, 'latin1');
  }

  /** Makes room for as many more bytes. */
  protected reserve(sizeBytes: number): void {
    const needed = this.end + sizeBytes;
    if (needed > this.memory.length) this.#grow(needed);
  }

  #grow(needed: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.memory.length));
    this.memory.copy(larger, 0, 0, this.end);
    this.memory = larger;
  }
}
