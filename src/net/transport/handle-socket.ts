import type { Socket } from 'node:net';

import {
  detachHandle,
  handleOf,
  isReadableHandle,
  socketWithHandle,
  systemError,
  type Handle,
  type ReadingOptions,
  type ResettableSocket,
  type SocketName,
  type TcpHandle,
} from '../node/node-internals.ts';
import { HIGH_WATER_MARK_BYTES } from './socket-writer.ts';
import type { StreamSocket } from './stream-socket.ts';

type Listener = (error: Error) => void;

/** An ordinary socket over a handle. It reads nothing before it is told to. */
export function socketOver(handle: Handle, onread: ReadingOptions): Socket {
  return socketWithHandle(handle, {
    allowHalfOpen: true,
    writableHighWaterMark: HIGH_WATER_MARK_BYTES,
    onread,
  } as object);
}

/**
 * Works on a TCP handle as a `net.Socket` would, without one. Most connections only read, write text (which goes to the handle
 * anyway) and close. To make and to end the two streams of a socket, with their state and events, takes longer than to serve a
 * small request.
 *
 * A `net.Socket` is made for the connections that need one: when the peer or we end one direction, after an error, and when bytes have to
 * wait to be sent.
 */
export class HandleSocket implements StreamSocket, ResettableSocket {
  resetAndClosing = false;
  readonly #handle: TcpHandle;
  readonly #onread: ReadingOptions;
  #listeners: [event: string, listener: Listener][] = [];
  /** Undefined before the first read. */
  #buffer: Uint8Array | undefined;
  #socket: Socket | undefined;
  /** True when the socket was closed, or its handle taken away, before a `net.Socket` was made. */
  #closed = false;
  /** Bytes that the reader got. */
  #bytesRead: number;
  #bytesWritten = 0;
  #remote: SocketName | undefined;

  constructor(handle: TcpHandle, onread: ReadingOptions) {
    this.#handle = handle;
    this.#onread = onread;
    this.#bytesRead = handle.bytesRead;
    handle.reading = false;
    handle.onread = this.#onRead;
  }

  /** As in `net.Socket`, for code that uses the handle itself. */
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
    return this.#socket === undefined ? this.remoteName().address : this.#socket.remoteAddress;
  }

  get remotePort(): number | undefined {
    return this.#socket === undefined ? this.remoteName().port : this.#socket.remotePort;
  }

  get remoteFamily(): string | undefined {
    return this.#socket === undefined ? this.remoteName().family : this.#socket.remoteFamily;
  }

  get localAddress(): string | undefined {
    return this.#socket === undefined ? this.localName().address : this.#socket.localAddress;
  }

  get localPort(): number | undefined {
    return this.#socket === undefined ? this.localName().port : this.#socket.localPort;
  }

  get localFamily(): string | undefined {
    return this.#socket === undefined ? this.localName().family : this.#socket.localFamily;
  }

  on(event: string, listener: Listener | (() => void)): void {
    if (this.#socket === undefined) this.#listeners.push([event, listener]);
    else this.#socket.on(event, listener);
  }

  removeAllListeners(): void {
    this.#listeners = [];
    this.#socket?.removeAllListeners();
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

  /** The other end. The system is asked once. If the socket is closed by then, the fields are missing. */
  remoteName(): SocketName {
    if (this.#remote !== undefined) return this.#remote;
    const remote: SocketName = {};
    if (!this.#closed) this.#handle.getpeername(remote);
    this.#remote = remote;
    return remote;
  }

  /** Our end, in a new object. After the close, the fields are missing. */
  localName(): SocketName {
    const local: SocketName = {};
    if (!this.#closed) this.#handle.getsockname(local);
    return local;
  }

  /** Takes the handle away, which stops reading. This socket is then over, without a 'close' event. */
  detach(): TcpHandle {
    const handle = this.#handle;
    this.removeAllListeners();
    if (handle.reading === true) handle.readStop();
    handle.reading = false;
    if (this.#socket !== undefined) detachHandle(this.#socket);
    this.#closed = true;
    return handle;
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

  /** Node.js gives only its own sockets the size of a read. Here it is computed from the handle's total. */
  readonly #onRead = (bytes: unknown): Uint8Array | undefined => {
    const total = this.#handle.bytesRead;
    const length = total - this.#bytesRead;
    if (length <= 0) {
      // The end, an error, or an empty read: the `net.Socket` handles it.
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
    // If the handle reads already, the `net.Socket` gets the bytes from now on.
    if (this.#handle.reading === true) socket.read(0);
    return socket;
  }

  #tell(event: string, error: Error | undefined): void {
    for (const [name, listener] of this.#listeners) if (name === event) listener(error as Error);
  }
}

/**
 * Takes the handle away from a socket, and stops reading. The socket is then over, without a 'close' event. Undefined, without any
 * effect, when this version of Node.js does not give access to the handle.
 */
export function takeHandle(socket: StreamSocket): Handle | undefined {
  if (socket instanceof HandleSocket) return socket.detach();
  const handle = handleOf(socket);
  if (!isReadableHandle(handle)) return undefined;
  handle.readStop?.();
  socket.removeAllListeners();
  socket.on('error', () => undefined);
  detachHandle(socket);
  return handle;
}
