/** What is kept of a server that speaks before anybody reads. Up to here its end is noticed; then it is read no more. */
const EARLY_LIMIT_BYTES = 16 * 1024;

/** Copies of the bytes that came while nobody read, in their order. */
export class UnreadBytes {
  readonly chunks: Buffer[] = [];
  #size = 0;

  /** False once there is no room for more: then the socket must be read no further. */
  keep(bytes: Buffer, length: number): boolean {
    this.chunks.push(Buffer.from(bytes.subarray(0, length)));
    this.#size += length;
    return this.#size < EARLY_LIMIT_BYTES;
  }
}
