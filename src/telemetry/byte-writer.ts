const FIRST_SIZE_BYTES = 64 * 1024;
/** One UTF-16 code unit of a string becomes at most this many bytes of UTF-8. */
export const BYTES_A_UNIT = 3;
const NO_MEMORY = Buffer.alloc(0);

/**
 * Writes bytes and text into memory that grows. For a long text this takes half the time of a string that grows and is encoded at the
 * end.
 */
export class ByteWriter {
  protected memory = Buffer.allocUnsafeSlow(FIRST_SIZE_BYTES);
  /** Number of bytes of the memory that are written. */
  protected end = 0;
  /** The memory of the bytes that were taken last; it is used again. */
  #taken = NO_MEMORY;

  /** Number of bytes that were written since the last {@link take}. */
  get length(): number {
    return this.end;
  }

  /** Forgets the bytes that were written after the given {@link length}. */
  rewind(length: number): void {
    this.end = length;
  }

  /**
   * Returns the bytes that were written, and begins anew. The bytes stay valid until the next call: two pieces of memory are used in turn,
   * because to allocate some hundred KiB each time costs more than to write to them.
   */
  take(): Buffer {
    const bytes = this.memory;
    const written = bytes.subarray(0, this.end);
    this.memory = this.#taken;
    this.#taken = bytes;
    this.end = 0;
    return written;
  }

  /** Returns a copy of the bytes that were written after the given {@link length}, and forgets them. */
  takeBack(length: number): Buffer {
    const bytes = Buffer.from(this.memory.subarray(length, this.end));
    this.rewind(length);
    return bytes;
  }

  /** Writes the bytes of a buffer. */
  copy(from: Buffer): void {
    this.reserve(from.length);
    this.end += from.copy(this.memory, this.end);
  }

  /** Writes a few bytes, for which a loop is faster than {@link copy}. */
  raw(from: Uint8Array, start = 0, end = from.length): void {
    this.reserve(end - start);
    const { memory } = this;
    let at = this.end;
    for (let i = start; i < end; i++) memory[at++] = from[i] ?? 0;
    this.end = at;
  }

  /** Writes a string as UTF-8. Returns whether all of it is ASCII. */
  utf8(text: string): boolean {
    this.reserve(text.length * BYTES_A_UNIT);
    const size = this.memory.write(text, this.end, 'utf8');
    this.end += size;
    return size === text.length;
  }

  /** Writes a string of which each character stands for one byte. */
  latin1(bytes: string): void {
    this.reserve(bytes.length);
    this.end += this.memory.write(bytes, this.end, 'latin1');
  }

  /** Makes room for this number of further bytes. */
  protected reserve(sizeBytes: number): void {
    const needed = this.end + sizeBytes;
    if (needed > this.memory.length) this.#grow(needed);
  }

  #grow(needed: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, FIRST_SIZE_BYTES, 2 * this.memory.length));
    this.memory.copy(larger, 0, 0, this.end);
    this.memory = larger;
  }
}
