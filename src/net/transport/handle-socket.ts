import { Socket } from 'node:net';

import { handleOf, type Endpoint, type Handle, type TcpHandle } from '../node/node-internals.ts';
import { HIGH_WATER_MARK_BYTES } from './socket-writer.ts';
import type { ResettableSocket } from './stream-socket.ts';
import { systemError } from '../node/system-error.ts';

/** How a socket hands over what it reads, as `net.Socket` takes it. */
export interface ReadingOptions {
  /** The memory to read into; after a read, anything but bytes leaves it as it is. */
  buffer(): Uint8Array;
  callback(length: number, bytes: Uint8Array): boolean;
}

type Listener = (error: Error) => void;

/** The ordinary socket over a handle. It reads when it is told to. */
export function socketOver(handle: Handle, onread: ReadingOptions): Socket {
  const options = {
    handle,
    allowHalfOpen: true,
    manualStart: true,
    writableHighWaterMark: HIGH_WATER_MARK_BYTES,
    onread,
  };
  return new Socket(options);
}

/**
 * Stands for a `net.Socket` that is only made when somebody needs one. Most connections just read, write text past their
 * socket and close: the two streams of a socket, with their state and events, take longer to make and to end than a small
 * request takes to serve.
 *
 * The socket is made for whatever has an end of its own: the peer's end, an error, our end, bytes that have to wait.
 */
export class HandleSocket implements ResettableSocket {
  resetAndClosing = false;
  readonly #handle: TcpHandle;
  readonly #onread: ReadingOptions;
  readonly #listeners: [event: string, listener: Listener][] = [];
  /** Undefined before it reads for the first time. */
  #buffer: Uint8Array | undefined;
  #socket: Socket | undefined;
  /** Closed without ever having been a socket. */
  #closed = false;
  /** What was handed over. */
  #bytesRead: number;
  #bytesWritten = 0;
  #remoteEnd: Endpoint | undefined;

  constructor(handle: TcpHandle, onread: ReadingOptions) {
    this.#handle = handle;
    this.#onread = onread;
    this.#bytesRead = handle.bytesRead;
    handle.reading = false;
    handle.onread = this.#onRead;
  }

  /** As in `net.Socket`: for who writes past it. */
  get _handle(): unknown {
    if (this.#socket !== undefined) return handleOf(this.#socket) ?? null;
    return this.#closed ? null : this.#handle;
  }

  get destroyed(): boolean {
    return this.#socket === undefined ? this.#closed : this.#socket.destroyed;
  }

  get bytesRead(): number {
    return this.#socket?.bytesRead ?? this.#bytesRead;
  }

  get bytesWritten(): number {
    if (this.#socket !== undefined) return this.#socket.bytesWritten;
    return this.#closed ? this.#bytesWritten : this.#handle.bytesWritten;
  }

  get writableLength(): number {
    return this.#socket?.writableLength ?? 0;
  }

  get writableEnded(): boolean {
    return this.#socket?.writableEnded ?? false;
  }

  get writableFinished(): boolean {
    return this.#socket?.writableFinished ?? false;
  }

  get remoteAddress(): string | undefined {
    return this.#socket === undefined ? this.#remote.address : this.#socket.remoteAddress;
  }

  get remotePort(): number | undefined {
    return this.#socket === undefined ? this.#remote.port : this.#socket.remotePort;
  }

  get remoteFamily(): string | undefined {
    return this.#socket === undefined ? this.#remote.family : this.#socket.remoteFamily;
  }

  get localAddress(): string | undefined {
    return this.#socket === undefined ? this.#local.address : this.#socket.localAddress;
  }

  get localFamily(): string | undefined {
    return this.#socket === undefined ? this.#local.family : this.#socket.localFamily;
  }

  on(event: string, listener: Listener | (() => void)): void {
    if (this.#socket === undefined) this.#listeners.push([event, listener]);
    else this.#socket.on(event, listener);
  }

  read(bytes: 0): void {
    if (this.#socket === undefined) this.#start();
    else this.#socket.read(bytes);
  }

  resume(): void {
    if (this.#socket === undefined) this.#start();
    else this.#socket.resume();
  }

  pause(): void {
    if (this.#socket !== undefined) {
      this.#socket.pause();
      return;
    }
    if (this.#closed || this.#handle.reading !== true) return;
    this.#handle.reading = false;
    this.#check(this.#handle.readStop());
  }

  write(bytes: Uint8Array | string, encoding?: BufferEncoding, sent?: () => void): boolean {
    return this.#closed || this.#made().write(bytes, encoding, sent);
  }

  end(): void {
    if (!this.#closed) this.#made().end();
  }

  destroySoon(): void {
    if (!this.#closed) this.#made().destroySoon();
  }

  destroy(error?: Error): void {
    if (this.#closed) return;
    const socket = this.#socket;
    if (socket !== undefined) {
      (socket as unknown as ResettableSocket).resetAndClosing = this.resetAndClosing;
      socket.destroy(error);
      return;
    }
    this.#closed = true;
    const handle = this.#handle;
    this.#bytesWritten = handle.bytesWritten;
    const closed = (): void => {
      if (error !== undefined) this.#tell('error', error);
      this.#tell('close', error);
    };
    if (!this.resetAndClosing || handle.reset(closed) !== 0) handle.close(closed);
  }

  get #remote(): Endpoint {
    if (this.#remoteEnd !== undefined) return this.#remoteEnd;
    const remote: Endpoint = {};
    if (!this.#closed) this.#handle.getpeername(remote);
    this.#remoteEnd = remote;
    return remote;
  }

  get #local(): Endpoint {
    const local: Endpoint = {};
    if (!this.#closed) this.#handle.getsockname(local);
    return local;
  }

  #start(): void {
    const handle = this.#handle;
    if (this.#closed || handle.reading === true) return;
    if (this.#buffer === undefined) {
      this.#buffer = this.#onread.buffer();
      handle.useUserBuffer(this.#buffer);
    }
    handle.reading = true;
    this.#check(handle.readStart());
  }

  #check(error: number): void {
    if (error !== 0) this.destroy(systemError('read', error));
  }

  /** The runtime says only to its own sockets how much it read, but everybody can ask how much that is in all. */
  readonly #onRead = (bytes: unknown): Uint8Array | undefined => {
    const total = this.#handle.bytesRead;
    const length = total - this.#bytesRead;
    if (length <= 0) {
      // The end, an error, or nothing after all: the socket finds out what it is told.
      this.#made();
      Reflect.apply(this.#handle.onread, this.#handle, [bytes]);
      return undefined;
    }
    this.#bytesRead = total;
    this.#onread.callback(length, this.#buffer as Uint8Array);
    if (this.#socket !== undefined || this.#closed) return undefined;
    const next: unknown = this.#onread.buffer();
    if (!(next instanceof Uint8Array)) return undefined;
    this.#buffer = next;
    return next;
  };

  #made(): Socket {
    if (this.#socket !== undefined) return this.#socket;
    const onread = this.#onread;
    let isFirst = true;
    const socket = socketOver(this.#handle, {
      buffer: () => {
        const begun = isFirst ? this.#buffer : undefined;
        isFirst = false;
        return begun ?? onread.buffer();
      },
      callback: (length, bytes) => onread.callback(length, bytes),
    });
    this.#socket = socket;
    for (const [event, listener] of this.#listeners) socket.on(event, listener);
    // What the handle reads already is for the socket from now on.
    if (this.#handle.reading === true) socket.read(0);
    return socket;
  }

  #tell(event: string, error: Error | undefined): void {
    for (const [name, listener] of this.#listeners) if (name === event) listener(error as Error);
  }
}
