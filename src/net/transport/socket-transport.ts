import type { Socket } from 'node:net';

import { errorFrom } from '../../errors.ts';
import type { ByteStream, StreamReader } from '../../plugin-api/index.ts';
import { UnreadBytes } from './unread-bytes.ts';
import { isPromise } from '../faults/is-promise.ts';
import { DelayedWriteError, onSendingFailed } from './delayed-write-error.ts';
import type { ReadingOptions } from './handle-socket.ts';
import type { ReadBuffers } from './read-buffers.ts';
import { ReadMemory } from './read-memory.ts';
import type { BudgetWaiter } from './read-budget.ts';
import type { AnyReader, FaultHandler, FaultOwner } from './reader-faults.ts';
import { resetSocket, wasReset } from './resets.ts';
import { SocketWriter } from './socket-writer.ts';
import type { StreamSocket } from './stream-socket.ts';
import { systemError } from '../node/system-error.ts';
import type { Flow } from './traffic.ts';

/**
 * A {@link ByteStream} over a socket.
 *
 * Made before its socket, because a socket takes its read buffer when it is constructed:
 * `attach` joins the two.
 */
export class SocketTransport implements ByteStream, Flow, BudgetWaiter {
  /** Whom a fault of its reader is told of, where that is not always the same. */
  faultOwner: FaultOwner | undefined;
  readonly #buffers: ReadBuffers;
  readonly #onFault: FaultHandler;
  #socket: StreamSocket | undefined;
  #writer: SocketWriter | undefined;
  #reader: AnyReader | undefined;
  readonly #memory: ReadMemory;
  /** Bytes that came while nobody read. */
  #early: UnreadBytes | undefined;
  #peerEnded = false;
  #ended = false;
  #closed = false;
  #error: Error | undefined;
  /** True while the reader was not told yet what happened before it came. */
  #isBehind = false;
  /** True until the first reading from a socket that reads into our memory. */
  #isFresh = false;
  #flowing = false;
  /** True while it is paused for the sake of other sockets. */
  #awaitsTurn = false;
  #whenClosed: (() => void) | undefined;
  /** Set once nothing can be sent any more, while what the peer sent before is still read. */
  #lastWords: DelayedWriteError | undefined;

  constructor(buffers: ReadBuffers, onFault: FaultHandler) {
    this.#buffers = buffers;
    this.#onFault = onFault;
    this.#memory = new ReadMemory(buffers);
  }

  /** The `onread` option for the socket that this stream is made for. */
  get onread(): ReadingOptions {
    return this.#memory.reading(this.#deliver);
  }

  attach(socket: StreamSocket): void {
    this.#socket = socket;
    this.#isFresh = true;
    this.#writer = new SocketWriter(socket, this.#buffers, this.#onDrained);
    socket.on('end', this.#onEnd);
    socket.on('error', this.#onError);
    socket.on('close', this.#onClose);
  }

  /** For sockets without `onread` (TLS, or where the fast path is missing): reads by 'data' events. */
  attachPlain(socket: Socket): void {
    this.attach(socket);
    this.#isFresh = false;
    socket.on('data', (bytes: Buffer) => {
      this.#deliver(bytes, bytes.length);
    });
    socket.pause();
  }

  /** From now on, what arrived before a reset is read although a write failed meanwhile. */
  hearLastWords(): void {
    if (this.#socket !== undefined) onSendingFailed(this.#socket, this.#sendingFailed);
  }

  /** The owner's own notice of the end, beside the reader's; one owner. */
  whenClosed(notice: () => void): void {
    this.#whenClosed = notice;
  }

  /** Bytes that came, read or not; known after the end too. */
  get bytesReceived(): number {
    return this.#socket?.bytesRead ?? 0;
  }

  /** Bytes that were written, sent or not; known after the end too. */
  get bytesSent(): number {
    return this.#socket?.bytesWritten ?? 0;
  }

  get writableLength(): number {
    return this.#writer?.length ?? 0;
  }

  get bytesTaken(): number {
    return this.#writer?.taken ?? 0;
  }

  get writeEnded(): boolean {
    return this.#ended || this.destroyed;
  }

  get destroyed(): boolean {
    return this.#closed || (this.#socket?.destroyed ?? false);
  }

  /** True once somebody reads it, and until the reader was told that it is closed. */
  get hasReader(): boolean {
    return this.#reader !== undefined;
  }

  /** True once the peer has ended its side, whatever it sent before. */
  get peerEnded(): boolean {
    return this.#peerEnded;
  }

  /** True while there are bytes that came before anybody read. */
  get hasEarlyBytes(): boolean {
    return this.#early !== undefined;
  }

  /** True when nothing can be had from this stream any more, nor anything be sent that would be answered. */
  get stale(): boolean {
    if (this.destroyed || this.#lastWords !== undefined) return true;
    return this.#peerEnded && this.#early === undefined;
  }

  read(reader: StreamReader): void {
    this.#reader = reader;
    this.#memory.readFor(reader.buffer);
    this.#isBehind = this.#early !== undefined || this.#peerEnded || this.#closed;
    if (!this.#isBehind) this.#flow();
    else {
      this.#flowing = true;
      queueMicrotask(this.#catchUp);
    }
  }

  pause(): void {
    if (!this.#flowing) return;
    this.#flowing = false;
    this.#socket?.pause();
  }

  resume(): void {
    this.#flow();
  }

  writeText(text: string): boolean {
    return this.#ended || this.#writer === undefined || this.#writer.writeText(text);
  }

  write(bytes: Uint8Array): boolean {
    return this.#ended || this.#writer === undefined || this.#writer.write(bytes);
  }

  writeBorrowed(bytes: Buffer, start: number, end: number): boolean {
    return this.#ended || this.#writer === undefined || this.#writer.writeBorrowed(bytes, start, end);
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#socket?.end();
  }

  close(): void {
    this.#ended = true;
    // With nothing left to send, closing says the same to the peer as ending first, for one system call and several turns less.
    if (this.writableLength === 0) this.#socket?.destroy();
    else this.#socket?.destroySoon();
  }

  destroy(error?: Error): void {
    this.#ended = true;
    this.#error ??= error;
    this.#socket?.destroy();
  }

  /** `error` is what the reader is told, where it was not the reader who asked for this. */
  reset(error?: Error): void {
    this.#ended = true;
    this.#error ??= error;
    if (this.#socket !== undefined) resetSocket(this.#socket);
  }

  #flow(): void {
    if (this.#flowing || this.#closed) return;
    this.#flowing = true;
    if (this.#isBehind) queueMicrotask(this.#catchUp);
    else if (this.#isFresh) this.#begin();
    else if (!this.#awaitsTurn) this.#socket?.resume();
    this.#lastWords?.resume();
  }

  /** A socket that nobody paused yet needs no more than a first read, which costs less than what `resume` prepares for a stream. */
  #begin(): void {
    this.#isFresh = false;
    this.#socket?.read(0);
  }

  readonly #deliver = (bytes: Buffer, length: number): void => {
    const reader = this.#reader;
    if (reader === undefined || !this.#flowing) {
      this.#keepEarly(bytes, length);
      return;
    }
    try {
      const result = reader.data(bytes, 0, length);
      if (result !== undefined) this.#mind(result);
    } catch (error) {
      this.#fault(error);
    }
    if (this.#memory.isFilledBy(length) && !this.#buffers.turn.takes(length)) this.#waitForTurn();
  };

  /** The other sockets have their turn first; the reader notices nothing. */
  #waitForTurn(): void {
    if (!this.#flowing || this.#closed) return;
    this.#socket?.pause();
    this.#awaitsTurn = true;
    this.#buffers.turn.wait(this);
  }

  turnBegins(): void {
    this.#awaitsTurn = false;
    if (this.#flowing && !this.#closed) this.#socket?.resume();
  }

  /**
   * A server that speaks first is heard later. While nobody reads, reading goes on, so that its end is noticed, but it can't fill
   * the heap. The runtime also delivers a chunk to a reader that paused in the moment in which reading began.
   */
  #keepEarly(bytes: Buffer, length: number): void {
    const hasRoom = (this.#early ??= new UnreadBytes()).keep(bytes, length);
    this.#isBehind = this.#reader !== undefined;
    if (!this.#isBehind && hasRoom) return;
    this.#flowing = false;
    this.#socket?.pause();
  }

  readonly #catchUp = (): void => {
    const reader = this.#reader;
    if (reader === undefined || !this.#isBehind) return;
    const early = this.#early;
    // Paused meanwhile, it hears the rest when it goes on; only a connection that is over keeps nothing back.
    if (early !== undefined && !this.#flowing && !this.#closed) return;
    this.#early = undefined;
    this.#isBehind = false;
    try {
      for (const chunk of early?.chunks ?? []) this.#mind(this.#reader?.data(chunk, 0, chunk.length));
      // A reader that took over meanwhile catches up by itself.
      if (this.#reader === reader && this.#peerEnded) this.#mind(reader.end());
    } catch (error) {
      this.#fault(error);
    }
    if (this.#closed) {
      if (this.#reader === reader) this.#tellClosed(reader);
    } else this.#goOnFlowing();
  };

  /** The reader may have paused while it was told what it missed. */
  #goOnFlowing(): void {
    if (this.#flowing && !this.#awaitsTurn) this.#socket?.resume();
  }

  readonly #onEnd = (): void => {
    const socket = this.#socket;
    if (!this.#ended && socket !== undefined && wasReset(socket)) {
      socket.destroy(systemError('read', 'ECONNRESET'));
      return;
    }
    this.#peerEnded = true;
    if (this.#reader === undefined || this.#early !== undefined) return;
    try {
      this.#mind(this.#reader.end());
    } catch (error) {
      this.#fault(error);
    }
  };

  readonly #sendingFailed = (failure: Error): boolean => {
    if (this.#lastWords !== undefined) return !this.#lastWords.isOver;
    const socket = this.#socket;
    if (socket === undefined || this.#reader === undefined || !this.#flowing) return false;
    // What is still written goes nowhere.
    this.#writer = undefined;
    this.#lastWords = new DelayedWriteError(socket, failure, () => this.#flowing);
    return true;
  };

  readonly #onError = (error: Error): void => {
    this.#error ??= error;
  };

  readonly #onClose = (): void => {
    this.#closed = true;
    this.#ended = true;
    this.#whenClosed?.();
    this.#memory.release();
    if (this.#reader === undefined) return;
    if (this.#isBehind) this.#catchUp();
    else this.#tellClosed(this.#reader);
  };

  /** The last call to a reader, which is forgotten with it. */
  #tellClosed(reader: AnyReader): void {
    this.#reader = undefined;
    try {
      this.#mind(reader.closed(this.#error));
    } catch (error) {
      this.#onFault(error, reader, this.faultOwner);
    }
  }

  readonly #onDrained = (): void => {
    try {
      this.#mind(this.#reader?.drained());
    } catch (error) {
      this.#fault(error);
    }
  };

  /** What a callback promised may fail later, when nobody else would notice. */
  #mind(result: unknown): void {
    if (!isPromise(result)) return;
    result.then(undefined, (error: unknown) => {
      this.#fault(error);
    });
  }

  #fault(error: unknown): void {
    this.#onFault(error, this.#reader, this.faultOwner);
    this.destroy(errorFrom(error));
  }
}
