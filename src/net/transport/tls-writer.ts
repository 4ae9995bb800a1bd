import { bytesTakenFrom, isWriteLost, systemError, type EncryptingHandle } from '../node/node-internals.ts';
import { PENDING } from '../node/direct-writer.ts';
import { MERGE_BYTES, type ReadBuffers } from './memory/read-buffers.ts';
import type { StreamSocket } from './stream-socket.ts';
import type { TransportWriter } from './transport-writer.ts';
import type { BatchedWriter } from './turns/write-batch.ts';

/** A piece up to this size waits for the end of the turn, so that it goes out together with what follows: mostly a head and its body. */
const SMALL_BYTES = 16 * 1024;
/**
 * When so many bytes wait, the caller is told to wait. A write to a TLS handle ends in a later phase of the event loop at the earliest, and
 * what comes meanwhile is copied. So this is what one read brings: the next read waits, and its bytes are encrypted without a copy.
 */
const HIGH_WATER_MARK_BYTES = 64 * 1024;

/**
 * The sending side of a TLS connection. It writes to the TLS handle itself, one write at a time: a second write while one is under way
 * would abort the process. What comes meanwhile is merged into the next write. The handle encrypts the bytes of a write before the call
 * returns, so borrowed bytes need no copy.
 */
export class TlsWriter implements TransportWriter, BatchedWriter {
  readonly #socket: StreamSocket;
  readonly #handle: EncryptingHandle;
  readonly #buffers: ReadBuffers;
  readonly #drained: () => void;
  /** What waits for the next write. */
  #waiting: (string | Uint8Array)[] = [];
  #waitingBytes = 0;
  /** Bytes of the write that is under way. */
  #busyBytes = 0;
  /** How many writes were begun. */
  #writes = 0;
  /** True within the call of a write. */
  #isWriting = false;
  /** True while the batch will call `flush`. */
  #isInBatch = false;
  #owesDrained = false;
  #ending: 'no' | 'end' | 'close' = 'no';

  constructor(socket: StreamSocket, handle: EncryptingHandle, buffers: ReadBuffers, drained: () => void) {
    this.#socket = socket;
    this.#handle = handle;
    this.#buffers = buffers;
    this.#drained = drained;
  }

  get length(): number {
    return this.#waitingBytes + this.#busyBytes;
  }

  get held(): number {
    return this.#waitingBytes;
  }

  get taken(): number {
    return bytesTakenFrom(this.#socket) ?? this.#socket.bytesWritten - this.length;
  }

  writeText(text: string): boolean {
    return this.#add(text);
  }

  write(bytes: Uint8Array): boolean {
    return this.#add(bytes);
  }

  writeBorrowed(bytes: Buffer, start: number, end: number): boolean {
    const length = end - start;
    if (length <= SMALL_BYTES) return this.#add(bytes.latin1Slice(start, end));
    const borrowed = bytes.subarray(start, end);
    if (this.#busyBytes > 0 || this.#waitingBytes + length > MERGE_BYTES)
      return this.#add(Buffer.from(borrowed));
    // Not by `#add`: most of these writes end at once, and then nobody waits.
    this.#keep(borrowed);
    this.flush();
    return this.#accepts();
  }

  end(): void {
    if (this.#ending === 'no') this.#ending = 'end';
    this.#finish();
  }

  close(): void {
    this.#ending = 'close';
    this.#finish();
  }

  #add(piece: string | Uint8Array): boolean {
    if (piece.length === 0 || this.#socket.destroyed) return true;
    this.#keep(piece);
    if (!this.#isInBatch && this.#busyBytes === 0) {
      this.#isInBatch = true;
      this.#buffers.batch.add(this);
    }
    return this.#accepts();
  }

  #keep(piece: string | Uint8Array): void {
    this.#waiting.push(piece);
    this.#waitingBytes += piece.length;
  }

  #accepts(): boolean {
    if (this.length < HIGH_WATER_MARK_BYTES) return true;
    this.#owesDrained = true;
    return false;
  }

  /** Writes what waits, as much as fits into one write. */
  flush(): void {
    this.#isInBatch = false;
    if (this.#busyBytes > 0 || this.#waitingBytes === 0) return;
    if (this.#socket.destroyed) {
      this.#forget();
      return;
    }
    const [first] = this.#waiting;
    // Text is merged too: Node.js would copy it twice, into memory that it allocates for each write.
    const bytes =
      this.#waiting.length === 1 && typeof first === 'object' ? this.#takeAll(first) : this.#merge();
    this.#busyBytes = bytes.length;
    this.#writes += 1;
    this.#isWriting = true;
    const outcome = this.#buffers.direct.encrypt(this.#handle, bytes, this.#sent);
    this.#isWriting = false;
    if (outcome !== PENDING) this.#sent(outcome);
    else if (this.#socket.readableEnded === true) setImmediate(this.#look, this.#writes, 1);
  }

  /** Looks after a write that may be lost, see {@link isWriteLost}. All other writes report their end themselves. */
  readonly #look = (write: number, moreLooks: number): void => {
    if (
      this.#writes !== write ||
      this.#busyBytes === 0 ||
      this.#socket.destroyed ||
      !isWriteLost(this.#handle)
    )
      return;
    if (moreLooks > 0) setImmediate(this.#look, write, moreLooks - 1);
    else this.#socket.destroy(systemError('write', 'EPIPE'));
  };

  #takeAll(only: Uint8Array): Uint8Array {
    this.#waiting.length = 0;
    this.#waitingBytes = 0;
    return only;
  }

  #merge(): Uint8Array {
    const target = this.#buffers.merging.bytes;
    let filled = 0;
    let used = 0;
    for (const piece of this.#waiting) {
      const room = target.length - filled;
      if (piece.length > room && filled > 0) break;
      const part = piece.length > room ? room : piece.length;
      if (typeof piece === 'string') filled += target.write(piece.slice(0, part), filled, 'latin1');
      else {
        target.set(part === piece.length ? piece : piece.subarray(0, part), filled);
        filled += part;
      }
      if (part < piece.length) {
        this.#waiting[used] = typeof piece === 'string' ? piece.slice(part) : piece.subarray(part);
        break;
      }
      used += 1;
    }
    this.#waiting.splice(0, used);
    this.#waitingBytes -= filled;
    return target.subarray(0, filled);
  }

  readonly #sent = (status: number): void => {
    this.#busyBytes = 0;
    if (status >= 0) this.#next();
    // Within the call of a write, the handle must not be closed.
    else if (this.#isWriting) setImmediate(this.#fail, status);
    else this.#fail(status);
  };

  #next(): void {
    if (this.#waitingBytes > 0) {
      this.flush();
      return;
    }
    if (this.#ending !== 'no') this.#finish();
    else if (this.#owesDrained && !this.#socket.destroyed) {
      this.#owesDrained = false;
      this.#drained();
    }
  }

  readonly #fail = (status: number): void => {
    this.#forget();
    if (!this.#socket.destroyed) this.#socket.destroy(systemError('write', status));
  };

  #forget(): void {
    this.#waiting.length = 0;
    this.#waitingBytes = 0;
  }

  /** Ends the socket once nothing waits. */
  #finish(): void {
    if (this.#socket.destroyed) return;
    if (this.#waitingBytes > 0 && this.#busyBytes === 0) this.flush();
    if (this.length > 0) return;
    if (this.#ending === 'close') this.#socket.destroySoon();
    else this.#socket.end();
  }
}
