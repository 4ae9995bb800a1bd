import type { ReadingOptions } from '../../node/node-internals.ts';
import { TEXT_LIMIT_BYTES, type PrivateBuffer, type ReadBuffers } from './read-buffers.ts';

/**
 * The memory that one socket reads into. After each read it is chosen again: a private buffer while reads fill the memory, else the
 * memory that the reader asked for (`StreamReader.buffer`), else the shared memory.
 */
export class ReadMemory {
  readonly #buffers: ReadBuffers;
  #private: PrivateBuffer | undefined;
  /** The memory that the socket reads into now. */
  #current: Buffer;
  /** True once the socket has memory to read into. */
  #isGiven = false;
  /** The memory that the last reader asked for, or the shared memory. After a rest in a pool, the next reader asks for the same. */
  #preferred: Buffer;
  /** Bytes of the last read. */
  #filled = 0;

  constructor(buffers: ReadBuffers) {
    this.#buffers = buffers;
    this.#current = buffers.shared;
    this.#preferred = buffers.shared;
  }

  /** The socket option to read into this memory; `received` is called with the bytes of each read. */
  reading(received: (bytes: Buffer, length: number) => void): ReadingOptions {
    let afterRead = false;
    return {
      // Node.js calls this for each handle that it tries to connect, and after each read. After a read,
      // any value that is not bytes means that the buffer stays.
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

  /** There is a new reader, which may ask for its own memory. */
  readFor(preferred: Buffer | undefined): void {
    if (preferred !== undefined) this.#preferred = preferred;
    if (!this.#isGiven) this.#current = this.#preferred;
  }

  /** Whether a read of so many bytes filled the memory: then more bytes may wait. */
  isFilledBy(length: number): boolean {
    return length === this.#current.length;
  }

  /** The socket reads no more: releases the private buffer, if it has one. */
  release(): void {
    if (this.#private === undefined) return;
    this.#buffers.release(this.#private);
    this.#private = undefined;
  }

  /** Called after each read: the memory for the next read; undefined: the same memory. */
  #next(): Buffer | undefined {
    const mine = this.#private;
    const bulk = this.#filled === this.#current.length;
    let next: Buffer;
    if (bulk) {
      if (mine !== undefined && !mine.lent) return undefined;
      if (mine !== undefined) this.#buffers.release(mine);
      this.#private = this.#buffers.take();
      next = this.#private.bytes;
    } else if (mine !== undefined) {
      // A read that fills the private buffer by half still belongs to a bulk transfer. A small read ends the transfer.
      if (!mine.lent && this.#filled > TEXT_LIMIT_BYTES) return undefined;
      this.#buffers.release(mine);
      this.#private = undefined;
      next = this.#preferred;
    } else next = this.#preferred;
    if (next === this.#current) return undefined;
    this.#current = next;
    return next;
  }
}
