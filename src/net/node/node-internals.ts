import { Socket, type Server, type SocketConstructorOpts } from 'node:net';
import { getSystemErrorName } from 'node:util';

/*
 * What the proxy knows about sockets and servers of Node.js beyond its public API: the handles below them, and how text is written to
 * these; `tls-internals.ts` has the same for TLS. Each part is checked before it is used. On a version of Node.js that lacks a part, the
 * proxy uses the public API instead, which costs more; `runtime-ways.ts` tells which parts are there.
 */

/** An operating system's socket as Node.js wraps it. The methods return 0 or a negative system error. */
export interface Handle {
  setNoDelay?(on: boolean): number;
  /** Missing on unix sockets. */
  setKeepAlive?(on: boolean, afterSeconds: number): number;
  readStop?(): number;
}

/** The `onread` option of a `net.Socket`: what memory a socket reads into, and who gets what it read. */
export interface ReadingOptions {
  /** Returns the memory to read into. After a read, any value that is not bytes means: keep the same memory. */
  buffer(): Uint8Array;
  callback(length: number, bytes: Uint8Array): boolean;
}

/** One end of a connection, as a handle fills it in. */
export interface SocketName {
  address?: string;
  port?: number;
  family?: string;
}

/** The handle of a TCP connection. */
export interface TcpHandle extends Handle {
  readonly bytesRead: number;
  readonly bytesWritten: number;
  /** Set by the code that reads from the handle. */
  reading?: boolean;
  onread: (bytes: unknown) => unknown;
  useUserBuffer(bytes: Uint8Array): void;
  readStart(): number;
  readStop(): number;
  getpeername(target: SocketName): number;
  getsockname(target: SocketName): number;
  close(closed: () => void): void;
  reset(closed: () => void): number;
}

/** Called by a handle that listens, with itself as `this`. Without an error Node.js passes 0 or, in some versions, nothing. */
type AcceptCallback = (error: number | undefined, handle: unknown) => void;

/** The handle of a socket that listens. */
export interface ListeningHandle extends Handle {
  onconnection: AcceptCallback;
  listen(backlog: number): number;
  unref(): void;
  close(closed?: () => void): void;
}

/** The request object that Node.js uses for one write. It belongs to the write until that is finished. */
export interface WriteRequest {
  oncomplete?: ((status: number) => void) | null;
  /** From Node 24 on: how the write ended, when that was before `oncomplete` could be set; else null. */
  readonly writeStatus?: number | null;
  /** {@link UNUSED_REQUEST} until a write needs the request beyond its own call. */
  getAsyncId(): number;
}

export type WriteRequestClass = new () => WriteRequest;

export const UNUSED_REQUEST = -1;

/** The parts of a handle that write text. */
export interface TextHandle {
  /** Returns 0 while there is a peer, else a system error. Missing on unix sockets. */
  getpeername?(target: object): number;
  /**
   * Up to Node 22 the caller passes a request, and a number is returned. Later versions take null and make a request only for a
   * write that is not finished at once: then they return that request instead of 0.
   */
  writeLatin1String(request: WriteRequest | null, text: string): number | WriteRequest;
}

/** The handle of a TLS connection. A write encrypts all of its bytes before the call returns. */
export interface EncryptingHandle extends TextHandle {
  /** As {@link TextHandle.writeLatin1String}. */
  writeBuffer(request: WriteRequest | null, bytes: Uint8Array): number | WriteRequest;
}

/** What Node.js wants to be passed for a write of text: a request of that class, or null. */
export type TextWriting = { readonly Request: WriteRequestClass } | { readonly Request: null };

/** The handle of a socket or server; undefined when it has none yet, or none any more. */
export function handleOf(owner: object): object | undefined {
  const handle = (owner as { readonly _handle?: unknown })._handle;
  return typeof handle === 'object' && handle !== null ? handle : undefined;
}

/** Takes the handle away from a socket, which then ends without closing the handle. */
export function detachHandle(socket: { destroy(): unknown }): void {
  (socket as unknown as { _handle: null })._handle = null;
  socket.destroy();
}

/** The number of the file descriptor below a handle; negative when there is none, or none any more. */
export function descriptorOf(handle: object | undefined): number {
  const { fd } = (handle ?? {}) as { readonly fd?: unknown };
  return typeof fd === 'number' ? fd : -1;
}

/** Whether the handle can read into memory of our own. */
export function isReadableHandle(handle: unknown): handle is Handle {
  return typeof handle === 'object' && handle !== null && 'useUserBuffer' in handle && 'readStart' in handle;
}

/** Whether the handle has all that a connection needs until it ends. Handles of unix sockets lack a part. */
export function isTcpHandle(handle: object): handle is TcpHandle {
  return 'bytesRead' in handle && 'getpeername' in handle && 'reset' in handle;
}

export function isTextHandle(handle: object): handle is TextHandle {
  return 'writeLatin1String' in handle;
}

/**
 * Whether a write that has not ended in this turn of the event loop never will: the handle below has nothing to send, yet encrypted bytes
 * wait. Node.js forgets to end a write that fails at once on a connection whose peer has ended.
 */
export function isWriteLost(handle: EncryptingHandle): boolean {
  const own = handle as CountingHandle & { readonly _parent?: CountingHandle };
  return (own.writeQueueSize ?? 0) > 0 && own._parent?.writeQueueSize === 0;
}

export function isEncryptingHandle(handle: object): handle is EncryptingHandle {
  return isTextHandle(handle) && 'writeBuffer' in handle && 'verifyError' in handle;
}

/** A socket over a handle. It reads nothing before it is told to. */
export function socketWithHandle(handle: object, options: SocketConstructorOpts = {}): Socket {
  return new Socket({ ...options, handle, manualStart: true } as SocketConstructorOpts);
}

/** Makes a socket reset its connection when it is destroyed. */
export function markForReset(socket: object): void {
  (socket as ResettableSocket).resetAndClosing = true;
}

/** The flag that Node.js reads when it destroys a socket. */
export interface ResettableSocket {
  resetAndClosing: boolean;
}

/**
 * Bytes that the system has taken from a socket. While a large write is under way, only the handle knows how much of it that
 * is. Undefined when the handle does not count.
 */
export function bytesTakenFrom(socket: object): number | undefined {
  const own = (socket as CountingSocket)._handle;
  // A TLS handle learns of progress only at the end of a write. The one below it knows of each step.
  const handle = own?._parent ?? own;
  if (handle?.bytesWritten === undefined || handle.writeQueueSize === undefined) return undefined;
  return handle.bytesWritten - handle.writeQueueSize;
}

interface CountingHandle {
  /** Bytes that the handle was given. */
  readonly bytesWritten?: number;
  /** How many of them the system has not taken. */
  readonly writeQueueSize?: number;
}

interface CountingSocket {
  /** `_parent` is the handle below a TLS handle. */
  readonly _handle?: (CountingHandle & { readonly _parent?: CountingHandle }) | null;
}

/** The handle of a server that listens, if its connections can be taken from it. */
export function listeningHandleOf(server: Server): ListeningHandle | undefined {
  const handle = handleOf(server) as Partial<ListeningHandle> | undefined;
  if (typeof handle?.onconnection !== 'function' || typeof handle.listen !== 'function') return undefined;
  return handle as ListeningHandle;
}

/**
 * Sets the function that is called for each connection of a handle. Returns the previous function: for a server's own handle, that one
 * makes a socket and emits 'connection'.
 */
export function interceptConnections(listening: ListeningHandle, accepted: AcceptCallback): AcceptCallback {
  const original = listening.onconnection;
  listening.onconnection = accepted;
  return (error, handle) => {
    Reflect.apply(original, listening, [error, handle]);
  };
}

/** Passes each connection of `from`, another descriptor of the same socket, to the callback of `to`. */
export function forwardConnections(from: ListeningHandle, to: ListeningHandle): void {
  from.onconnection = (error, handle) => {
    to.onconnection(error, handle);
  };
}

/** A handle of the kind that TCP connections have. It is not connected, and closed already. */
export function sampleTcpHandle(): object | undefined {
  const socket = new Socket();
  try {
    socket.on('error', () => undefined);
    // Node.js makes the handle now and would begin to connect later.
    socket.connect({ host: '127.0.0.1', port: 1 });
    return handleOf(socket);
  } finally {
    socket.destroy();
  }
}

/** A handle of the kind that unix sockets have. It is not connected, and closed already. */
export function sampleUnixHandle(): object | undefined {
  const socket = new Socket();
  try {
    socket.on('error', () => undefined);
    // An abstract address, which exists on Linux only, with a name that nobody has.
    socket.connect({ path: '\0balance-nobody' });
    return handleOf(socket);
  } finally {
    socket.destroy();
  }
}

/**
 * Finds out how this version writes text, from what an ordinary socket passes to an object that only pretends to be a handle. A wrong
 * guess would end the process in native code, so nothing is tried on a real handle. Null when the version writes in
 * a way that is not known here.
 */
export function learnTextWriting(): TextWriting | null {
  let request: unknown;
  const pretended = {
    writeLatin1String: (asked: unknown) => {
      request = asked;
      return 0;
    },
    close: () => undefined,
    getAsyncId: () => 0,
  };
  try {
    const socket = socketWithHandle(pretended);
    socket.on('error', () => undefined);
    socket.write('?', 'latin1');
    detachHandle(socket);
  } catch {
    return null;
  }
  if (request === null) return { Request: null };
  const Request = requestClass(request);
  return Request === undefined ? null : { Request };
}

/** The class of a request that Node.js made, if it is one that we know. */
function requestClass(request: unknown): WriteRequestClass | undefined {
  if (typeof request !== 'object' || request === null || !('getAsyncId' in request)) return undefined;
  const made = request.constructor as WriteRequestClass;
  if (made.name !== 'WriteWrap') return undefined;
  // The class must tell used requests from unused ones.
  return new made().getAsyncId() === UNUSED_REQUEST ? made : undefined;
}

/** The handle of a unix socket. One that was made for messages between processes carries handles beside its bytes. */
export interface PipeHandle {
  readonly fd: number;
  /** Set by the code that reads from the handle. */
  reading?: boolean;
  /** The handle that came with the bytes that are being read. */
  pendingHandle?: object | undefined;
  onread: (bytes: ArrayBuffer | undefined) => unknown;
  open(fd: number): number;
  readStart(): number;
  readStop(): number;
  unref(): void;
  close(closed?: () => void): void;
  writeUtf8String(
    request: WriteRequest | null,
    text: string,
    handle: object | undefined,
  ): number | WriteRequest;
}

/** Makes a handle that carries others, of the same class as a unix socket's handle. Undefined when handles look different. */
export function makeMessagePipe(unixHandle: object): PipeHandle | undefined {
  const Pipe = unixHandle.constructor as new (type: number) => Partial<PipeHandle>;
  if (Pipe.name !== 'Pipe') return undefined;
  const pipe = new Pipe(MESSAGE_PIPE);
  return typeof pipe.open === 'function' && typeof pipe.writeUtf8String === 'function'
    ? (pipe as PipeHandle)
    : undefined;
}

/** The type of pipe for messages; 0 is a plain socket, 1 a server. */
const MESSAGE_PIPE = 2;

/**
 * The error that Node.js would throw or emit for a system call that failed.
 *
 * @param reason a code like `ECONNRESET`, or the system's number for it
 */
export function systemError(
  syscall: 'read' | 'write' | 'connect' | 'bind' | 'accept' | 'listen',
  reason: string | number,
): Error {
  const code = typeof reason === 'string' ? reason : getSystemErrorName(reason);
  return Object.assign(new Error(`${syscall} ${code}`), { code, syscall });
}
