import type { ReadingOptions } from './handle-socket.ts';
import type { PrivateBuffer, ReadBuffers } from './read-buffers.ts';
import { TEXT_LIMIT_BYTES } from './socket-writer.ts';

/**
 * The memory that one socket reads into, chosen anew after each read: the memory that its reader wished for, or the shared one;
 * a private buffer while reads fill it.
 */
export class ReadMemory {
  readonly #buffers: ReadBuffers;
  #private: PrivateBuffer | undefined;
  /** The memory that the socket reads into now. */
  #current: Buffer;
  /** True once the socket has memory to read into. */
  #isGiven = false;
  /** Where the last reader with a wish wanted its bytes: the next one, after a rest in a pool, wants the same. */
  #wished: Buffer;
  /** Bytes of the last read. */
  #filled = 0;

  constructor(buffers: ReadBuffers) {
    this.#buffers = buffers;
    this.#current = buffers.shared;
    this.#wished = buffers.shared;
  }

  /** How a socket reads into it; `received` is called with the bytes of each read. */
  reading(received: (bytes: Buffer, length: number) => void): ReadingOptions {
    let afterRead = false;
    return {
      // The runtime calls this for each handle that it tries to connect, and then after each read:
      // there, anything but bytes means that the buffer stays.
      buffer: () => {
        this.#isGiven = true;
        if (!afterRead) return this.#current;
        afterRead = false;
        return this.#next() as Uint8Array;
      },
      callback: (length, bytes) => {
        afterRead = true;
        this.#filled = length;
        received(bytes as Buffer, length);
        return true;
      },
    };
  }

  /** A reader comes, which may have a wish. */
  readFor(wished: Buffer | undefined): void {
    if (wished !== undefined) this.#wished = wished;
    if (!this.#isGiven) this.#current = this.#wished;
  }

  /** Whether a read of so many bytes filled it: then more may wait. */
  isFilledBy(length: number): boolean {
    return length === this.#current.length;
  }

  /** Nothing is read any more. */
  release(): void {
    if (this.#private === undefined) return;
    this.#buffers.giveBack(this.#private);
    this.#private = undefined;
  }

  /** After each read: which memory the next one goes to; undefined leaves it as it is. */
  #next(): Buffer | undefined {
    const mine = this.#private;
    const bulk = this.#filled === this.#current.length;
    let next: Buffer;
    if (bulk) {
      if (mine !== undefined && !mine.lent) return undefined;
      if (mine !== undefined) this.#buffers.giveBack(mine);
      this.#private = this.#buffers.take();
      next = this.#private.bytes;
    } else if (mine !== undefined) {
      // A half-full private buffer still is a bulk transfer; a small read ends it.
      if (!mine.lent && this.#filled > TEXT_LIMIT_BYTES) return undefined;
      this.#buffers.giveBack(mine);
      this.#private = undefined;
      next = this.#wished;
    } else next = this.#wished;
    if (next === this.#current) return undefined;
    this.#current = next;
    return next;
  }
}
