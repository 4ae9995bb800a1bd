import {
  handleOf,
  isTextHandle,
  learnTextWriting,
  UNUSED_REQUEST,
  type TextHandle,
  type TextWriting,
  type WriteRequest,
} from '../node/node-internals.ts';
import type { StreamSocket } from './stream-socket.ts';

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

  /**
   * The handle of a connected socket; undefined when text can't be written to it directly. Nor may it for TLS: two direct writes that
   * overlap on a TLS handle abort the process.
   */
  handleOf(socket: StreamSocket): TextHandle | undefined {
    if (!this.isOn || socket.encrypted === true) return undefined;
    const handle = handleOf(socket);
    return handle !== undefined && isTextHandle(handle) ? handle : undefined;
  }

  /**
   * Sends text now. Returns 0 when all is sent, {@link PENDING} when `sent` will be called once it is, and a negative system
   * error when it can't be.
   */
  write(handle: TextHandle, text: string, sent: (status: number) => void): number {
    if (this.#Request !== null) return this.#writeWith(this.#Request, handle, text, sent);
    const outcome = handle.writeLatin1String(null, text);
    if (typeof outcome === 'number') return outcome;
    if (typeof outcome.writeStatus === 'number') return outcome.writeStatus;
    outcome.oncomplete = sent;
    return PENDING;
  }

  #writeWith(
    Request: new () => WriteRequest,
    handle: TextHandle,
    text: string,
    sent: (status: number) => void,
  ): number {
    const request = (this.#spare ??= new Request());
    const error = handle.writeLatin1String(request, text) as number;
    if (error === 0 && request.getAsyncId() === UNUSED_REQUEST) return 0;
    this.#spare = undefined;
    if (error !== 0) return error;
    // The system has not taken all of the text yet. The request belongs to this write until it is done.
    request.oncomplete = sent;
    return PENDING;
  }
}
