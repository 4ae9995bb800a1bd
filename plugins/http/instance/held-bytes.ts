import type { FieldLine } from '../message/trailers.ts';

const EMPTY = Buffer.alloc(0);

/** Bytes that are kept until they can be sent, in memory that grows by doubling. */
export class HeldBytes {
  readonly #mostBytes: number;
  #store = EMPTY;
  #length = 0;

  /** @param mostBytes beyond this, memory no longer doubles and grows only as needed */
  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  get length(): number {
    return this.#length;
  }

  /** The size of the memory in bytes. */
  get capacity(): number {
    return this.#store.length;
  }

  get bytes(): Buffer {
    return this.#store.subarray(0, this.#length);
  }

  /** The size that the memory would have with `more` further bytes. */
  capacityWith(more: number): number {
    const needed = this.#length + more;
    if (needed <= this.capacity) return this.capacity;
    return Math.max(needed, Math.min(this.capacity * 2, this.#mostBytes));
  }

  add(bytes: Buffer, start: number, end: number): void {
    const capacity = this.capacityWith(end - start);
    if (capacity > this.capacity) {
      const store = Buffer.allocUnsafeSlow(capacity);
      this.#store.copy(store, 0, 0, this.#length);
      this.#store = store;
    }
    bytes.copy(this.#store, this.#length, start, end);
    this.#length += end - start;
  }
}

/** What arrives of a response while filters look at its head: no more than one read, as the backend is paused. */
export class HeldResponse {
  readonly bytes = new HeldBytes(Number.POSITIVE_INFINITY);
  /** Set once the response is complete. */
  trailers: readonly FieldLine[] | undefined = undefined;
  /** True once filters did not decide at once. */
  isPaused = false;
}
