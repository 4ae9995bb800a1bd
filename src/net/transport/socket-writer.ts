import { bytesTakenFrom, systemError, type TextHandle } from '../node/node-internals.ts';
import { PENDING } from '../node/direct-writer.ts';
import { TEXT_LIMIT_BYTES, type PrivateBuffer, type ReadBuffers } from './memory/read-buffers.ts';
import type { StreamSocket } from './stream-socket.ts';
import type { TransportWriter } from './transport-writer.ts';
import type { BatchedWriter } from './turns/write-batch.ts';

/** When so many bytes wait to be sent, the caller is told to wait. */
export const HIGH_WATER_MARK_BYTES = 128 * 1024;

/** The sending side of a plain connection: sends each kind of bytes in the cheapest way. */
export class SocketWriter implements TransportWriter, BatchedWriter {
  readonly #socket: StreamSocket;
  readonly #buffers: ReadBuffers;
  readonly #drained: () => void;
  /** The handle that text is written to directly; undefined when that is not possible. */
  readonly #handle: TextHandle | undefined;
  #owesDrained = false;
  /** Text that goes out at the end of this turn of the event loop, together with that of other connections. */
  #text = '';
  /** True while the batch will call `flush`. */
  #isInBatch = false;
  /** True when the socket's own queue may hold something. A direct write must not overtake it. */
  #mayQueue = false;
  /** Number and bytes of the direct writes that the system has not finished. */
  #directWrites = 0;
  #directBytes = 0;

  constructor(socket: StreamSocket, buffers: ReadBuffers, drained: () => void) {
    this.#socket = socket;
    this.#buffers = buffers;
    this.#drained = drained;
    this.#handle = buffers.direct.handleOf(socket);
    socket.on('drain', this.#onSent);
  }

  get length(): number {
    return this.#socket.writableLength + this.#directBytes + this.#text.length;
  }

  get held(): number {
    return this.#text.length;
  }

  get taken(): number {
    const { bytesWritten, writableLength } = this.#socket;
    return bytesTakenFrom(this.#socket) ?? bytesWritten - writableLength;
  }

  writeText(text: string): boolean {
    // A write to a destroyed socket has no effect. A check would cost more.
    if (this.#owesDrained) return this.#writeMore(text);
    const handle = this.#handle;
    if (handle === undefined || (this.#mayQueue && this.#socket.writableLength > 0)) {
      return this.#socket.write(text, 'latin1') || this.#accepts();
    }
    this.#mayQueue = false;
    return this.#hold(text);
  }

  write(bytes: Uint8Array): boolean {
    if (this.#owesDrained) return this.#writeMore(bytes);
    this.flush();
    this.#mayQueue = true;
    return this.#socket.write(bytes) || this.#accepts();
  }

  writeBorrowed(bytes: Buffer, start: number, end: number): boolean {
    if (end - start <= TEXT_LIMIT_BYTES) return this.writeText(bytes.latin1Slice(start, end));
    const owner = this.#buffers.ownerOf(bytes);
    if (owner === undefined || owner.lent) return this.write(Buffer.from(bytes.subarray(start, end)));
    return this.#writeLent(owner, bytes.subarray(start, end));
  }

  flush(): void {
    this.#isInBatch = false;
    const text = this.#text;
    if (text === '') return;
    this.#text = '';
    if (this.#handle !== undefined && !this.#socket.destroyed) this.#writeDirect(this.#handle, text);
  }

  end(): void {
    this.flush();
    this.#socket.end();
  }

  close(): void {
    this.flush();
    // With nothing left to send, the peer sees no difference between this and `end`, which costs a system call and several turns more.
    if (this.length === 0 && this.#socket.encrypted !== true) this.#socket.destroy();
    else this.#socket.destroySoon();
  }

  /**
   * The caller writes although it was told to wait. Only the last of these writes knows when everything is sent: the socket emits
   * 'drain' only for more bytes than its limit.
   */
  #writeMore(bytes: string | Uint8Array): boolean {
    this.flush();
    this.#mayQueue = true;
    this.#socket.write(bytes, 'latin1', this.#onSent);
    return this.length < HIGH_WATER_MARK_BYTES;
  }

  #hold(text: string): boolean {
    this.#text = this.#text === '' ? text : this.#text + text;
    if (this.#text.length >= TEXT_LIMIT_BYTES) this.flush();
    else if (!this.#isInBatch) {
      this.#isInBatch = true;
      this.#buffers.batch.add(this);
    }
    return this.#directBytes === 0 || this.#accepts();
  }

  #writeDirect(handle: TextHandle, text: string): void {
    const outcome = this.#buffers.direct.write(handle, text, this.#onDirectSent);
    if (outcome === 0) {
      // Not at once: this may be within a write of another connection, whose protocol is at work on a message.
      if (this.#owesDrained) queueMicrotask(this.#onSent);
    } else if (outcome === PENDING) {
      this.#directWrites += 1;
      this.#directBytes += text.length;
    } else this.#socket.destroy(systemError('write', outcome));
  }

  /** A direct write is finished. Everything that was queued before it was sent, too. */
  readonly #onDirectSent = (status: number): void => {
    this.#directWrites -= 1;
    if (this.#directWrites === 0) this.#directBytes = 0;
    if (status < 0) this.#socket.destroy(systemError('write', status));
    else this.#onSent();
  };

  /** Sends from a private read buffer, without a copy. The socket that reads into it gets another buffer until this is sent. */
  #writeLent(owner: PrivateBuffer, bytes: Buffer): boolean {
    const socket = this.#socket;
    if (socket.destroyed) return true;
    this.flush();
    owner.lent = true;
    this.#mayQueue = true;
    let sentAtOnce = true;
    socket.write(bytes, undefined, () => {
      if (sentAtOnce) return;
      this.#buffers.endLoan(owner);
      this.#onSent();
    });
    if (socket.writableLength === 0) {
      this.#buffers.endLoan(owner);
      return true;
    }
    sentAtOnce = false;
    this.#owesDrained = true;
    return false;
  }

  /** The socket asks to wait even when it could send all of a large piece at once. That is no reason to wait. */
  #accepts(): boolean {
    if (this.#socket.destroyed || this.length < HIGH_WATER_MARK_BYTES) return true;
    this.#owesDrained = true;
    return false;
  }

  readonly #onSent = (): void => {
    if (!this.#owesDrained || this.#socket.destroyed || this.length > 0) return;
    this.#owesDrained = false;
    this.#drained();
  };
}
