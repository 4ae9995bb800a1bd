import type { Socket } from 'node:net';

import { errorFrom } from '../../errors.ts';
import type { StreamReader } from '../../plugin-api/index.ts';
import { DelayedWriteError, interceptWriteError } from './delayed-write-error.ts';
import { takeHandle } from './handle-socket.ts';
import { systemError, type ReadingOptions } from '../node/node-internals.ts';
import type { OwnedTransport, SocketMaker } from './owned-transport.ts';
import { isPromise, type PluginReader } from '../faults/plugin-call.ts';
import type { FaultHandler, FaultOwner } from '../faults/plugin-fault.ts';
import type { BudgetWaiter } from './turns/read-budget.ts';
import type { ReadBuffers } from './memory/read-buffers.ts';
import { ReadMemory } from './memory/read-memory.ts';
import { writerFor } from './writer-for.ts';
import { resetSocket, wasReset, type StreamSocket } from './stream-socket.ts';
import { TransportSocket } from './transport-socket.ts';
import { UnreadBytes } from './memory/unread-bytes.ts';

/**
 * A transport over a socket: accepted or dialled, TCP or unix, plain or TLS.
 *
 * It is made before its socket, because a socket takes its read buffer when it is constructed: `attach` joins the two.
 */
export class SocketTransport extends TransportSocket implements OwnedTransport, BudgetWaiter {
  /** The plugin and listener that a fault of the reader is reported for; undefined when `onFault` knows them. */
  faultOwner: FaultOwner | undefined = undefined;
  /** The memory that sockets share. */
  readonly buffers: ReadBuffers;
  /** Gets what a reader throws. */
  readonly onFault: FaultHandler;
  #reader: PluginReader | undefined;
  readonly #memory: ReadMemory;
  /** Bytes that arrived while nobody read, or that a reader gave back. */
  #unread: UnreadBytes | undefined;
  #peerEnded = false;
  #error: Error | undefined;
  /** True while the reader has not yet got the bytes and the end that came before it. */
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
    this.buffers = buffers;
    this.onFault = onFault;
    this.#memory = new ReadMemory(buffers);
  }

  /** The `onread` option for the socket that this transport is made for. */
  get onread(): ReadingOptions {
    return this.#memory.reading(this.#deliver);
  }

  attach(socket: StreamSocket): void {
    this.socket = socket;
    this.#isFresh = true;
    this.writer = writerFor(socket, this.buffers, this.#onDrained);
    socket.on('end', this.#onEnd);
    socket.on('error', this.#onError);
    socket.on('close', this.#onClose);
  }

  /** For a socket without `onread`, when Node.js does not give access to its handle: reads by 'data' events. */
  attachPlain(socket: Socket): void {
    this.attach(socket);
    this.#isFresh = false;
    socket.on('data', (bytes: Buffer) => {
      this.#deliver(bytes, bytes.length);
    });
    socket.pause();
  }

  replaceSocket(make: SocketMaker): boolean {
    this.writer?.flush();
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

  get hasReader(): boolean {
    return this.#reader !== undefined;
  }

  /** True after the peer has ended its direction, even if bytes from before are not read yet. */
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
    this.#isBehind = this.#unread !== undefined || this.#peerEnded || this.closed;
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

  destroy(error?: Error): void {
    this.#endNow(error);
    this.socket?.destroy();
  }

  reset(error?: Error): void {
    this.#endNow(error);
    if (this.socket !== undefined) resetSocket(this.socket);
  }

  /** The system still gets what was written before. */
  #endNow(error: Error | undefined): void {
    this.ended = true;
    this.#error ??= error;
    this.writer?.flush();
  }

  #flow(): void {
    if (this.#flowing || this.closed) return;
    this.#flowing = true;
    if (this.#isBehind) queueMicrotask(this.#catchUp);
    else if (this.#isFresh) this.#begin();
    else if (!this.#awaitsTurn) this.socket?.resume();
    this.#writeError?.resume();
  }

  /** Starts the first read by `read(0)`, which costs less than `resume`. A socket that was never paused needs no more. */
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
      if (result !== undefined) this.#watch(result);
    } catch (error) {
      this.#fault(error);
    }
    if (this.#memory.isFilledBy(length) && !this.buffers.budget.takes(length)) this.#waitForTurn();
  };

  /** Pauses the socket so that other sockets are read first. The reader does not notice. */
  #waitForTurn(): void {
    if (!this.#flowing || this.closed) return;
    this.socket?.pause();
    this.#awaitsTurn = true;
    this.buffers.budget.wait(this);
  }

  turnBegins(): void {
    this.#awaitsTurn = false;
    if (this.#flowing && !this.closed) this.socket?.resume();
  }

  /**
   * Keeps bytes that arrive while there is no reader, as from a server that speaks first. The socket is still read, so that the peer's
   * end is noticed, but only a limited number of bytes is kept. Node.js also delivers a chunk to a reader that paused just when reading
   * began.
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
    // A reader that has paused meanwhile gets the rest when it resumes. When the connection is over, it gets all at once.
    if (unread !== undefined && !this.#flowing && !this.closed) return;
    this.#unread = undefined;
    this.#isBehind = false;
    try {
      const chunks = unread?.chunks ?? [];
      for (let index = 0; index < chunks.length; index++) {
        const chunk = chunks[index] as Buffer;
        this.#watch(this.#reader?.data(chunk, 0, chunk.length));
        if (!this.#isReleased(reader)) continue;
        this.#keepRest(chunks.slice(index + 1));
        return;
      }
      // If another reader has taken over meanwhile, it has its own `#catchUp`.
      if (this.#reader === reader && this.#peerEnded) this.#watch(reader.end());
    } catch (error) {
      this.#fault(error);
    }
    if (this.closed) {
      if (this.#reader === reader) this.#tellClosed(reader);
    } else if (this.#flowing && !this.#awaitsTurn) this.socket?.resume();
  };

  /** Whether that reader was taken away by `releaseReader`, and did not just hand the transport over to another reader. */
  #isReleased(reader: PluginReader): boolean {
    return this.#reader !== reader && (this.#reader === undefined || this.#unread !== undefined);
  }

  /** A reader is gone and has not got these bytes: keeps them for the next reader, after the bytes that it gave back. */
  #keepRest(chunks: readonly Buffer[]): void {
    const kept = (this.#unread ??= new UnreadBytes());
    for (const chunk of chunks) kept.keep(chunk, chunk.length);
    this.#isBehind = this.#reader !== undefined;
    if (this.#isBehind) queueMicrotask(this.#catchUp);
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
      this.#watch(this.#reader.end());
    } catch (error) {
      this.#fault(error);
    }
  };

  readonly #writeFailed = (failure: Error): boolean => {
    if (this.#writeError !== undefined) return !this.#writeError.isOver;
    const socket = this.socket;
    if (socket === undefined || this.#reader === undefined || !this.#flowing) return false;
    // Later writes have no effect.
    this.writer = undefined;
    this.#writeError = new DelayedWriteError(socket, failure, () => this.#flowing);
    return true;
  };

  readonly #onError = (error: Error): void => {
    this.#error ??= error;
  };

  readonly #onClose = (): void => {
    this.closed = true;
    this.ended = true;
    this.#whenClosed?.();
    this.#memory.release();
    if (this.#reader === undefined) return;
    if (this.#isBehind) this.#catchUp();
    else this.#tellClosed(this.#reader);
  };

  /** The last call to the reader. The transport has no reader after it. */
  #tellClosed(reader: PluginReader): void {
    this.#reader = undefined;
    try {
      this.#watch(reader.closed(this.#error));
    } catch (error) {
      this.onFault(error, reader, this.faultOwner);
    }
  }

  readonly #onDrained = (): void => {
    try {
      this.#watch(this.#reader?.drained());
    } catch (error) {
      this.#fault(error);
    }
  };

  /** A callback may have returned a promise: a later rejection is reported like an exception. */
  #watch(result: unknown): void {
    if (!isPromise(result)) return;
    result.then(undefined, (error: unknown) => {
      this.#fault(error);
    });
  }

  #fault(error: unknown): void {
    this.onFault(error, this.#reader, this.faultOwner);
    this.destroy(errorFrom(error));
  }
}
