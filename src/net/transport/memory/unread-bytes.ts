/** At most so much is kept for the next reader. Beyond it the socket is not read, so the peer's end is noticed later. */
const LIMIT_BYTES = 16 * 1024;

/** Copies of bytes that no reader has taken yet, in their order. */
export class UnreadBytes {
  chunks: Buffer[] = [];
  #sizeBytes = 0;

  /** Keeps bytes that arrived. Returns false when there is no room for more: then the socket must be read no further. */
  keep(bytes: Buffer, length: number): boolean {
    this.chunks.push(Buffer.from(bytes.subarray(0, length)));
    this.#sizeBytes += length;
    return this.#sizeBytes < LIMIT_BYTES;
  }

  /** Puts bytes that a reader gave back before all others. */
  putBack(bytes: Buffer): void {
    this.chunks.unshift(bytes);
    this.#sizeBytes += bytes.length;
  }
}
