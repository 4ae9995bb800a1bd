import {
  handleOf,
  isEncryptingHandle,
  isTextHandle,
  learnTextWriting,
  UNUSED_REQUEST,
  type EncryptingHandle,
  type TextHandle,
  type TextWriting,
  type WriteRequest,
} from './node-internals.ts';

/** The write is under way: the system has not taken all of the text yet. */
export const PENDING = 1;

/**
 * Writes text to the handle of a socket. This leaves out `stream.Writable`, which costs about as much as the system call.
 *
 * Versions of Node.js differ in how they take such a write; this version's way is learned once. Direct and ordinary writes keep their
 * order as long as the socket's own queue is empty when a direct one is made.
 */
export class DirectWriter {
  /** Writes nothing directly: for versions of Node.js whose way to write text is not known. */
  static readonly off = new DirectWriter(null);
  /** Whether this version of Node.js writes in a known way. */
  readonly isOn: boolean;
  readonly #Request: TextWriting['Request'];
  /** A request for the next write. Most writes finish at once and leave it unused. */
  #spare: WriteRequest | undefined;

  /** @param writing How this version writes text; null when that is not known. */
  constructor(writing: TextWriting | null = learnTextWriting()) {
    this.isOn = writing !== null;
    this.#Request = writing?.Request ?? null;
  }

  /** The handle of a connected socket; undefined when text can't be written to it directly. For TLS see {@link encryptingHandleOf}. */
  handleOf(socket: MaybeEncrypted): TextHandle | undefined {
    if (!this.isOn || socket.encrypted === true) return undefined;
    const handle = handleOf(socket);
    return handle !== undefined && isTextHandle(handle) ? handle : undefined;
  }

  /**
   * The handle of a TLS socket; undefined when it can't be written to directly. Two writes to it that overlap abort the process, so
   * whoever has it must wait for the end of each.
   */
  encryptingHandleOf(socket: MaybeEncrypted): EncryptingHandle | undefined {
    if (!this.isOn || socket.encrypted !== true) return undefined;
    const handle = handleOf(socket);
    return handle !== undefined && isEncryptingHandle(handle) ? handle : undefined;
  }

  /**
   * Sends text now. Returns 0 when all is sent, {@link PENDING} when `sent` will be called once it is, and a negative system
   * error when it can't be.
   */
  write(handle: TextHandle, text: string, sent: (status: number) => void): number {
    if (this.#Request !== null) return this.#writeWith(this.#Request, handle, text, sent);
    return pendingOr(handle.writeLatin1String(null, text), sent);
  }

  /** As {@link write}, to a TLS handle. May call `sent` with an error before it returns, and then returns {@link PENDING}. */
  encrypt(handle: EncryptingHandle, bytes: Uint8Array, sent: (status: number) => void): number {
    if (this.#Request === null) return pendingOr(handle.writeBuffer(null, bytes), sent);
    const request = (this.#spare ??= new this.#Request());
    request.oncomplete = sent;
    return this.#outcome(request, handle.writeBuffer(request, bytes) as number, sent);
  }

  #writeWith(
    Request: new () => WriteRequest,
    handle: TextHandle,
    text: string,
    sent: (status: number) => void,
  ): number {
    const request = (this.#spare ??= new Request());
    return this.#outcome(request, handle.writeLatin1String(request, text) as number, sent);
  }

  #outcome(request: WriteRequest, error: number, sent: (status: number) => void): number {
    if (error === 0 && request.getAsyncId() === UNUSED_REQUEST) return 0;
    this.#spare = undefined;
    if (error !== 0) return error;
    // The system has not taken all of the text yet. The request belongs to this write until it is done.
    request.oncomplete = sent;
    return PENDING;
  }
}

/** A socket as far as a writer must know it. */
interface MaybeEncrypted {
  /** True for a TLS socket. */
  readonly encrypted?: boolean | undefined;
}

/** What a version says that makes the request itself. */
function pendingOr(outcome: number | WriteRequest, sent: (status: number) => void): number {
  if (typeof outcome === 'number') return outcome;
  if (typeof outcome.writeStatus === 'number') return outcome.writeStatus;
  outcome.oncomplete = sent;
  return PENDING;
}
