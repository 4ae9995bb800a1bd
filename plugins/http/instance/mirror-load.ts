/** Copies that may run at a time in this worker. A mirror that is slower than the traffic gets a part of it. */
const MOST_COPIES = 100;
/** The memory of all bodies of copies in this worker, in bytes. */
const MOST_BYTES = 16 * 1024 * 1024;

/** What the copies of all listeners take in this worker. */
export class MirrorLoad {
  #copies = 0;
  #bytes = 0;

  /** Takes a place for one more copy. False when too many run. */
  begin(): boolean {
    if (this.#copies >= MOST_COPIES) return false;
    this.#copies += 1;
    return true;
  }

  /** Takes memory for a body. False when not enough is left. */
  take(bytes: number): boolean {
    if (this.#bytes + bytes > MOST_BYTES) return false;
    this.#bytes += bytes;
    return true;
  }

  /** A copy is over, with the memory that it took. */
  end(bytes: number): void {
    this.#copies -= 1;
    this.#bytes -= bytes;
  }
}
