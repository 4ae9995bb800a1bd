import { DirectWriter } from '../../node/direct-writer.ts';
import { WriteBatch } from '../turns/write-batch.ts';
import { ReadBudget } from '../turns/read-budget.ts';

/** A borrowed chunk up to this size is sent as latin1 text, which Node.js copies to the stack and not to the heap. */
export const TEXT_LIMIT_BYTES = 16 * 1024;
/** Size of the memory that all quiet sockets read into, and of each private buffer. */
const SHARED_SIZE_BYTES = 64 * 1024;
const PRIVATE_SIZE_BYTES = 128 * 1024;
/** So many private buffers are kept for later bulk transfers. More are left to the garbage collector. */
const MOST_SPARE = 32;

export const MERGE_BYTES = 256 * 1024;

/** Where pieces are put together that go out in one write. A TLS write takes its bytes at once, so all connections share this memory. */
export class MergeMemory {
  #bytes: Buffer | undefined;

  /** Made when it is first needed. */
  get bytes(): Buffer {
    return (this.#bytes ??= Buffer.allocUnsafeSlow(MERGE_BYTES));
  }
}

/** A private read buffer and whether a writer still sends from it. */
export interface PrivateBuffer {
  readonly bytes: Buffer;
  /** True while a write that was not finished at once still needs the bytes. */
  lent: boolean;
  /** True once its reader has released it; it becomes spare as soon as it is not lent. */
  returned: boolean;
}

/**
 * The memory that sockets read into. All share one buffer, as its bytes are consumed before the next
 * read; a socket that fills it gets a private one, whose bytes can be sent on without a copy.
 */
export class ReadBuffers {
  /** The direct way to write text, which sockets share too. */
  readonly direct = new DirectWriter();
  /** The writers that wait for the end of this turn of the event loop. */
  readonly batch = new WriteBatch();
  /** Limits how much all sockets together read in a turn of the event loop. */
  readonly budget: ReadBudget;
  /** Where TLS connections put together what goes out in one write. */
  readonly merging = new MergeMemory();
  readonly shared: Buffer = Buffer.allocUnsafeSlow(SHARED_SIZE_BYTES);
  readonly #spare: PrivateBuffer[] = [];
  readonly #byMemory = new WeakMap<ArrayBufferLike, PrivateBuffer>();

  constructor(budget: ReadBudget = new ReadBudget()) {
    this.budget = budget;
  }

  take(): PrivateBuffer {
    const spare = this.#spare.pop();
    if (spare !== undefined) {
      spare.returned = false;
      return spare;
    }
    const buffer = { bytes: Buffer.allocUnsafeSlow(PRIVATE_SIZE_BYTES), lent: false, returned: false };
    this.#byMemory.set(buffer.bytes.buffer, buffer);
    return buffer;
  }

  release(buffer: PrivateBuffer): void {
    buffer.returned = true;
    if (!buffer.lent) this.#keep(buffer);
  }

  /** The private buffer that `bytes` lies in, or undefined for shared and foreign memory. */
  ownerOf(bytes: Buffer): PrivateBuffer | undefined {
    return this.#byMemory.get(bytes.buffer);
  }

  /** A write that used the buffer is finished. */
  endLoan(buffer: PrivateBuffer): void {
    buffer.lent = false;
    if (buffer.returned) this.#keep(buffer);
  }

  #keep(buffer: PrivateBuffer): void {
    if (this.#spare.length < MOST_SPARE) this.#spare.push(buffer);
  }
}
