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

/** The text is on its way, but the system has not taken all of it yet. */
export const PENDING = 1;

/**
 * Writes text to a socket's handle without the machinery of `stream.Writable`, which costs about as much as the system call.
 *
 * How the runtime takes such a write differs between its versions and is learned once. The system keeps the order of direct
 * and ordinary writes, as long as the socket's own queue is empty when a direct one is made.
 */
export class DirectWriter {
  /** For a runtime whose way is not known: sockets are written to as usual. */
  static readonly off = new DirectWriter(null);
  /** Whether this version of the runtime has a way that is known. */
  readonly isOn: boolean;
  readonly #Request: TextWriting['Request'];
  /** A request that no write needs; most writes finish at once and leave it unused. */
  #spare: WriteRequest | undefined;

  /** `writing` is null where no way is known. */
  constructor(writing: TextWriting | null = learnTextWriting()) {
    this.isOn = writing !== null;
    this.#Request = writing?.Request ?? null;
  }

  /** The handle of a connected socket; undefined where it can't be written to directly. */
  handleOf(socket: StreamSocket): TextHandle | undefined {
    return this.isOn ? textHandleOf(socket) : undefined;
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
    // The system did not take all of it at once: the request belongs to this write until it is done.
    request.oncomplete = sent;
    return PENDING;
  }
}

/** The handle of a connected socket, as far as it can be written to. */
export function textHandleOf(socket: StreamSocket): TextHandle | undefined {
  const handle = handleOf(socket);
  return handle !== undefined && isTextHandle(handle) ? handle : undefined;
}
