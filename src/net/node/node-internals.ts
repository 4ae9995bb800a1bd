import { Socket, type Server } from 'node:net';

/*
 * What the proxy knows of the runtime beyond its public API, in one place: the handles below sockets and servers, and how text
 * is written to them. Each part is looked at before it is used. A runtime that lacks one is served in the ordinary way,
 * which costs more; `runtime-ways.ts` names the parts that are missing.
 */

/** An operating system's socket as the runtime wraps it. The methods give 0 or a negative system error. */
export interface Handle {
  setNoDelay?(on: boolean): number;
  /** Unix sockets have none. */
  setKeepAlive?(on: boolean, afterSeconds: number): number;
}

/** Where a connection begins or ends. */
export interface Endpoint {
  address?: string;
  port?: number;
  family?: string;
}

/** The handle of a TCP connection. */
export interface TcpHandle extends Handle {
  readonly bytesRead: number;
  readonly bytesWritten: number;
  /** Kept by whoever reads. */
  reading?: boolean;
  onread: (bytes: unknown) => unknown;
  useUserBuffer(bytes: Uint8Array): void;
  readStart(): number;
  readStop(): number;
  getpeername(target: Endpoint): number;
  getsockname(target: Endpoint): number;
  close(closed: () => void): void;
  reset(closed: () => void): number;
}

/** The handle of a socket that listens. Its `this` is the handle. */
export interface ListeningHandle extends Handle {
  /** Without an error the runtime says 0 or, in some versions, nothing. */
  onconnection: (error: number | undefined, handle: unknown) => void;
  listen(backlog: number): number;
  unref(): void;
  close(closed?: () => void): void;
}

/** The runtime's request object for one write. Reserved for the write while it is not finished. */
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
  /** 0 while there is a peer, else a system error. Unix sockets have none. */
  getpeername?(target: object): number;
  /**
   * Up to Node 22 the caller brings a request, and a number comes back. Later versions take null and make a request only for a
   * write that is not finished at once: then they give it back in place of 0.
   */
  writeLatin1String(request: WriteRequest | null, text: string): number | WriteRequest;
}

/** How the runtime wants to be asked for a write of text: with a request of that class, or with null. */
export type TextWriting = { readonly Request: WriteRequestClass } | { readonly Request: null };

/** The handle of a socket or server; undefined where it has none, or none any more. */
export function handleOf(owner: object): object | undefined {
  const handle = (owner as { readonly _handle?: unknown })._handle;
  return typeof handle === 'object' && handle !== null ? handle : undefined;
}

/** Takes the handle away from a socket, which then ends without closing it. */
export function detachHandle(socket: Socket): void {
  (socket as unknown as { _handle: null })._handle = null;
  socket.destroy();
}

/** The number of the descriptor below a handle; negative where there is none, or none any more. */
export function descriptorOf(handle: object | undefined): number {
  const { fd } = (handle ?? {}) as { readonly fd?: unknown };
  return typeof fd === 'number' ? fd : -1;
}

/** Whether it can be read from into memory of our own. */
export function isReadableHandle(handle: unknown): handle is Handle {
  return typeof handle === 'object' && handle !== null && 'useUserBuffer' in handle && 'readStart' in handle;
}

/** Whether it has all that a connection needs until it ends. Handles of unix sockets lack a part. */
export function isTcpHandle(handle: object): handle is TcpHandle {
  return 'bytesRead' in handle && 'getpeername' in handle && 'reset' in handle;
}

export function isTextHandle(handle: object): handle is TextHandle {
  return 'writeLatin1String' in handle;
}

/** The handle of a server that listens, if its connections can be taken from it. */
export function listeningHandleOf(server: Server): ListeningHandle | undefined {
  const handle = handleOf(server) as Partial<ListeningHandle> | undefined;
  if (typeof handle?.onconnection !== 'function' || typeof handle.listen !== 'function') return undefined;
  return handle as ListeningHandle;
}

/** A handle of the kind that TCP connections have. It is not connected, and closed already. */
export function sampleTcpHandle(): object | undefined {
  const socket = new Socket();
  try {
    socket.on('error', () => undefined);
    // The runtime makes the handle now and would begin to connect later.
    socket.connect({ host: '127.0.0.1', port: 1 });
    return handleOf(socket);
  } finally {
    socket.destroy();
  }
}

/**
 * Finds out how this version writes text, from what an ordinary socket asks of a handle that only pretends to be one. A wrong
 * guess would end the process in native code, so nothing is tried on a real handle. Null when the version has
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
    const socket = new Socket({ handle: pretended, manualStart: true } as object);
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

/** The class of a request that the runtime made, if it is one that we know. */
function requestClass(request: unknown): WriteRequestClass | undefined {
  if (typeof request !== 'object' || request === null || !('getAsyncId' in request)) return undefined;
  const made = request.constructor as WriteRequestClass;
  if (made.name !== 'WriteWrap') return undefined;
  // It must tell used requests from unused ones.
  return new made().getAsyncId() === UNUSED_REQUEST ? made : undefined;
}

/** The handle of a unix socket. One that was made for messages between processes carries handles beside its bytes. */
export interface PipeHandle {
  readonly fd: number;
  /** Kept by whoever reads. */
  reading?: boolean;
  /** What came with the bytes that are being read. */
  pendingHandle?: object | undefined;
  onread: (bytes: ArrayBuffer | undefined) => unknown;
  open(fd: number): number;
  readStart(): number;
  readStop(): number;
  unref(): void;
  close(closed?: () => void): void;
  writeUtf8String(request: WriteRequest | null, text: string, handle: object): number | WriteRequest;
}

/** Makes a handle that carries others, of the class of a unix socket's handle. Undefined where handles look different. */
export function makeMessagePipe(unixHandle: object): PipeHandle | undefined {
  const Pipe = unixHandle.constructor as new (type: number) => Partial<PipeHandle>;
  if (Pipe.name !== 'Pipe') return undefined;
  const pipe = new Pipe(MESSAGE_PIPE);
  return typeof pipe.open === 'function' && typeof pipe.writeUtf8String === 'function'
    ? (pipe as PipeHandle)
    : undefined;
}

/** Beside 0 for a plain socket and 1 for a server. */
const MESSAGE_PIPE = 2;

/** Gives an unconnected socket a handle of our own to connect with. */
export function socketWithHandle(handle: object): Socket {
  return new Socket({ handle, manualStart: true } as object);
}
