import type { Socket } from 'node:net';

import { errorFrom } from '../../errors.ts';
import type { StreamReader } from '../../plugin-api/index.ts';
import { DelayedWriteError, interceptWriteError } from './delayed-write-error.ts';
import { takeHandle, type ReadingOptions } from './handle-socket.ts';
import { systemError } from '../node/node-internals.ts';
import type { OwnedTransport, SocketMaker } from './owned-transport.ts';
import { isPromise, type PluginReader } from '../faults/plugin-call.ts';
import type { FaultHandler, FaultOwner } from '../faults/plugin-fault.ts';
import type { BudgetWaiter } from './read-budget.ts';
import type { ReadBuffers } from './read-buffers.ts';
import { ReadMemory } from './read-memory.ts';
import { SocketWriter } from './socket-writer.ts';
import { resetSocket, wasReset, type StreamSocket } from './stream-socket.ts';
import { TransportSocket } from './transport-socket.ts';
import { UnreadBytes } from './unread-bytes.ts';

/**
 * A transport over a socket: accepted or dialled, TCP or unix, plain or TLS.
 *
 * It is made before its socket, because a socket takes its read buffer when it is constructed: `attach` joins the two.
 */
export class SocketTransport extends TransportSocket implements OwnedTransport, BudgetWaiter {
  /** Who answers for a fault of the reader; undefined where that is always the same and `onFault` knows. */
  faultOwner: FaultOwner | undefined = undefined;
  readonly #buffers: ReadBuffers;
  readonly #onFault: FaultHandler;
  #reader: PluginReader | undefined;
  readonly #memory: ReadMemory;
  /** Bytes that arrived while nobody read, or that a reader gave back. */
  #unread: UnreadBytes | undefined;
  #peerEnded = false;
  #closed = false;
  #error: Error | undefined;
  /** True while the reader has not yet been told what happened before it came. */
  #isBehind = false;
  /** True until the first read of a socket that reads into our memory. */
  #isFresh = false;
  #flowing = false;
  /** True while it is paused so that other sockets get their turn. */
  #awaitsTurn = false;
  #whenClosed: (() => void) | undefined;
  /** Set after a write has failed, while what the peer sent before is still read. */
  #writeError: DelayedWriteError | undefined;

  constructor(buffers: ReadBuffers, onFault: FaultHandler) {
    super();
    this.#buffers = buffers;
    this.#onFault = onFault;
    this.#memory = new ReadMemory(buffers);
  }

  /** The `onread` option for the socket that this transport is made for. */
  get onread(): ReadingOptions {
    return this.#memory.reading(this.#deliver);
  }

  attach(socket: StreamSocket): void {
    this.socket = socket;
    this.#isFresh = true;
    this.writer = new SocketWriter(socket, this.#buffers, this.#onDrained);
    socket.on('end', this.#onEnd);
    socket.on('error', this.#onError);
    socket.on('close', this.#onClose);
  }

  /** For a socket that was made without `onread`, where the runtime lets no handle be had: reads by 'data' events. */
  attachPlain(socket: Socket): void {
    this.attach(socket);
    this.#isFresh = false;
    socket.on('data', (bytes: Buffer) => {
      this.#deliver(bytes, bytes.length);
    });
    socket.pause();
  }

  replaceSocket(make: SocketMaker): boolean {
    const handle = this.socket === undefined ? undefined : takeHandle(this.socket);
    if (handle === undefined) return false;
    const unread = this.#unread?.chunks ?? [];
    this.#unread = undefined;
    this.#isBehind = false;
    const isFlowing = this.#flowing;
    this.#flowing = false;
    this.attach(make(handle, this.onread, unread));
    if (isFlowing) this.#flow();
    return true;
  }

  /** From now on, a failed write does not end the transport before all that the peer sent is read. */
  delayWriteErrors(): void {
    if (this.socket !== undefined) interceptWriteError(this.socket, this.#writeFailed);
  }

  whenClosed(notice: () => void): void {
    this.#whenClosed = notice;
  }

  get writeEnded(): boolean {
    return this.ended || this.destroyed;
  }

  get destroyed(): boolean {
    return this.#closed || (this.socket?.destroyed ?? false);
  }

  get hasReader(): boolean {
    return this.#reader !== undefined;
  }

  /** True after the peer has ended its side, whatever it sent before. */
  get peerEnded(): boolean {
    return this.#peerEnded;
  }

  /** True while there are bytes that nobody has read. */
  get hasUnreadBytes(): boolean {
    return this.#unread !== undefined;
  }

  /** True when nothing more can be read, and nothing that is sent would be answered. */
  get stale(): boolean {
    if (this.destroyed || this.#writeError !== undefined) return true;
    return this.#peerEnded && this.#unread === undefined;
  }

  read(reader: StreamReader): void {
    this.#reader = reader;
    this.#memory.readFor(reader.buffer);
    this.#isBehind = this.#unread !== undefined || this.#peerEnded || this.#closed;
    if (!this.#isBehind) this.#flow();
    else {
      this.#flowing = true;
      queueMicrotask(this.#catchUp);
    }
  }

  releaseReader(unread?: Buffer): void {
    this.#reader = undefined;
    if (unread !== undefined && unread.length > 0) (this.#unread ??= new UnreadBytes()).putBack(unread);
  }

  pause(): void {
    if (!this.#flowing) return;
    this.#flowing = false;
    this.socket?.pause();
  }

  resume(): void {
    this.#flow();
  }

  end(): void {
    if (this.ended) return;
    this.ended = true;
    this.socket?.end();
  }

  close(): void {
    this.ended = true;
    // With nothing left to send, closing says the same to the peer as ending first, for one system call and several turns less.
    if (this.writableLength === 0) this.socket?.destroy();
    else this.socket?.destroySoon();
  }

  destroy(error?: Error): void {
    this.ended = true;
    this.#error ??= error;
    this.socket?.destroy();
  }

  reset(error?: Error): void {
    this.ended = true;
    this.#error ??= error;
    if (this.socket !== undefined) resetSocket(this.socket);
  }

  #flow(): void {
    if (this.#flowing || this.#closed) return;
    this.#flowing = true;
    if (this.#isBehind) queueMicrotask(this.#catchUp);
    else if (this.#isFresh) this.#begin();
    else if (!this.#awaitsTurn) this.socket?.resume();
    this.#writeError?.resume();
  }

  /** The first read costs less than what `resume` prepares for a stream, and a socket that nobody paused needs no more. */
  #begin(): void {
    this.#isFresh = false;
    this.socket?.read(0);
  }

  readonly #deliver = (bytes: Buffer, length: number): void => {
    const reader = this.#reader;
    if (reader === undefined || !this.#flowing) {
      this.#keepUnread(bytes, length);
      return;
    }
    try {
      const result = reader.data(bytes, 0, length);
      if (result !== undefined) this.#mind(result);
    } catch (error) {
      this.#fault(error);
    }
    if (this.#memory.isFilledBy(length) && !this.#buffers.budget.takes(length)) this.#waitForTurn();
  };

  /** Other sockets have their turn first; the reader notices nothing. */
  #waitForTurn(): void {
    if (!this.#flowing || this.#closed) return;
    this.socket?.pause();
    this.#awaitsTurn = true;
    this.#buffers.budget.wait(this);
  }

  turnBegins(): void {
    this.#awaitsTurn = false;
    if (this.#flowing && !this.#closed) this.socket?.resume();
  }

  /**
   * Keeps what a server says before anybody reads. Reading goes on meanwhile, so that the peer's end is noticed, but it can't fill
   * the heap. Node.js also delivers a chunk to a reader that paused at the moment in which reading began.
   */
  #keepUnread(bytes: Buffer, length: number): void {
    const hasRoom = (this.#unread ??= new UnreadBytes()).keep(bytes, length);
    this.#isBehind = this.#reader !== undefined;
    if (!this.#isBehind && hasRoom) return;
    this.#flowing = false;
    this.socket?.pause();
  }

  readonly #catchUp = (): void => {
    const reader = this.#reader;
    if (reader === undefined || !this.#isBehind) return;
    const unread = this.#unread;
    // A reader that has paused meanwhile gets the rest when it goes on. When the connection is over, nothing is held back.
    if (unread !== undefined && !this.#flowing && !this.#closed) return;
    this.#unread = undefined;
    this.#isBehind = false;
    try {
      const chunks = unread?.chunks ?? [];
      for (let index = 0; index < chunks.length; index++) {
        const chunk = chunks[index] as Buffer;
        this.#mind(this.#reader?.data(chunk, 0, chunk.length));
        if (!this.#isReleased(reader)) continue;
        this.#keepRest(chunks.slice(index + 1));
        return;
      }
      // A reader that took over meanwhile catches up by itself.
      if (this.#reader === reader && this.#peerEnded) this.#mind(reader.end());
    } catch (error) {
      this.#fault(error);
    }
    if (this.#closed) {
      if (this.#reader === reader) this.#tellClosed(reader);
    } else this.#goOnFlowing();
  };

  /** Whether that reader has given the transport back, instead of handing it over to another one. */
  #isReleased(reader: PluginReader): boolean {
    return this.#reader !== reader && (this.#reader === undefined || this.#unread !== undefined);
  }

  /** Keeps what a reader that is gone has not taken, behind what it gave back, for the reader that has come or is to come. */
  #keepRest(chunks: readonly Buffer[]): void {
    const kept = (this.#unread ??= new UnreadBytes());
    for (const chunk of chunks) kept.keep(chunk, chunk.length);
    this.#isBehind = this.#reader !== undefined;
    if (this.#isBehind) queueMicrotask(this.#catchUp);
  }

  /** The reader may have paused while it was told what it missed. */
  #goOnFlowing(): void {
    if (this.#flowing && !this.#awaitsTurn) this.socket?.resume();
  }

  readonly #onEnd = (): void => {
    const socket = this.socket;
    if (!this.ended && socket !== undefined && wasReset(socket)) {
      socket.destroy(systemError('read', 'ECONNRESET'));
      return;
    }
    this.#peerEnded = true;
    if (this.#reader === undefined || this.#unread !== undefined) return;
    try {
      this.#mind(this.#reader.end());
    } catch (error) {
      this.#fault(error);
    }
  };

  readonly #writeFailed = (failure: Error): boolean => {
    if (this.#writeError !== undefined) return !this.#writeError.isOver;
    const socket = this.socket;
    if (socket === undefined || this.#reader === undefined || !this.#flowing) return false;
    // What is still written goes nowhere.
    this.writer = undefined;
    this.#writeError = new DelayedWriteError(socket, failure, () => this.#flowing);
    return true;
  };

  readonly #onError = (error: Error): void => {
    this.#error ??= error;
  };

  readonly #onClose = (): void => {
    this.#closed = true;
    this.ended = true;
    this.#whenClosed?.();
    this.#memory.release();
    if (this.#reader === undefined) return;
    if (this.#isBehind) this.#catchUp();
    else this.#tellClosed(this.#reader);
  };

  /** The last call to a reader, which is forgotten with it. */
  #tellClosed(reader: PluginReader): void {
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

  /** A promise that a callback gave may be rejected later, when nobody else would notice. */
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
