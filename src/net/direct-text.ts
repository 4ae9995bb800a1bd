import type { StreamSocket } from './stream-socket.ts';

/** The runtime's request object for one write. Reserved for the write while it is not finished. */
interface WriteRequest {
  oncomplete?: (status: number) => void;
  /** {@link UNUSED} until a write needs the request beyond its own call. */
  getAsyncId(): number;
}

/** The parts of an operating system's socket, as the runtime wraps it, that write text. */
export interface TextHandle {
  /** 0 while there is a peer, else a system error. Unix sockets have none. */
  getpeername?(target: object): number;
  writeLatin1String: (request: WriteRequest, text: string) => number;
}

const UNUSED = -1;

/** The text is on its way, but the system has not taken all of it yet. */
export const PENDING = 1;

/**
 * Writes text to a socket's handle without the machinery of `stream.Writable`, which costs about as much as the system call.
 *
 * The request's class has no public name: it is learned from the first ordinary write of text. Until then, and in
 * runtimes where handles look different, {@link isReady} is false and sockets are written to as usual. The system keeps
 * the order of direct and ordinary writes, as long as the socket's own queue is empty when a direct one is made.
 */
export class DirectText {
  #Request: (new () => WriteRequest) | undefined;
  /** A request that no write needs; most writes finish at once and leave it unused. */
  #spare: WriteRequest | undefined;
  #learning = false;

  /** False until the request's class is known. */
  get isReady(): boolean {
    return this.#Request !== undefined;
  }

  /** Watches the next ordinary write of text to this handle. */
  learn(handle: TextHandle): void {
    if (this.#learning) return;
    this.#learning = true;
    const write = handle.writeLatin1String;
    handle.writeLatin1String = (request, text) => {
      handle.writeLatin1String = write;
      this.#Request = requestClass(request);
      return write.call(handle, request, text);
    };
  }

  /**
   * Sends text now. Returns 0 when all is sent, {@link PENDING} when `sent` will be called once it is, and a negative system
   * error when it can't be.
   */
  write(handle: TextHandle, text: string, sent: (status: number) => void): number {
    const Request = this.#Request;
    if (Request === undefined) return 0;
    const request = (this.#spare ??= new Request());
    const error = handle.writeLatin1String(request, text);
    if (error === 0 && request.getAsyncId() === UNUSED) return 0;
    this.#spare = undefined;
    if (error !== 0) return error;
    // The system did not take all of it at once: the request belongs to this write until it is done.
    request.oncomplete = sent;
    return PENDING;
  }
}

/** The handle of a connected socket; undefined where it can't be written to directly. */
export function textHandleOf(socket: StreamSocket): TextHandle | undefined {
  const handle = (socket as unknown as { readonly _handle?: Partial<TextHandle> | null })._handle;
  if (handle === null || handle === undefined) return undefined;
  return isTextHandle(handle) ? handle : undefined;
}

function isTextHandle(handle: Partial<TextHandle>): handle is TextHandle {
  return handle.writeLatin1String !== undefined;
}

/** The class of a request that the runtime made, if it is the one that we know; newer runtimes make none for most writes. */
function requestClass(request: unknown): (new () => WriteRequest) | undefined {
  if (typeof request !== 'object' || request === null || !('getAsyncId' in request)) return undefined;
  const made = request.constructor as new () => WriteRequest;
  if (made.name !== 'WriteWrap') return undefined;
  // It must tell used requests from unused ones.
  return new made().getAsyncId() === UNUSED ? made : undefined;
}
