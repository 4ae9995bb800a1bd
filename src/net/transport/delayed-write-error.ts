import type { StreamSocket } from './stream-socket.ts';

/** System calls that fail when the peer is gone, even while bytes from the peer have arrived and are not read yet. */
const SENDING = new Set(['write', 'writev', 'shutdown']);
/** After two turns of the event loop, every socket with bytes to read was read at least once. */
const QUIET_TURNS = 2;

/**
 * Holds back the error of a failed write until what the peer sent before is read. A server that refuses a large upload answers and closes at
 * once, which resets the connection: then our next write fails while the answer waits to be read. Node.js destroys a socket whose write
 * failed, and the answer with it.
 */
export class DelayedWriteError {
  readonly #socket: StreamSocket;
  readonly #failure: Error;
  readonly #isFlowing: () => boolean;
  #bytesRead: number;
  #quietTurns = 0;
  /** True while the reader has paused, and the error waits for it. */
  #waits = false;
  /** True when nothing more can be read. */
  isOver = false;

  /**
   * Destroys the socket with `failure` after two turns of the event loop in which it could be read and brought nothing.
   *
   * @param isFlowing whether the reader reads now: one that has paused gets the rest later
   */
  constructor(socket: StreamSocket, failure: Error, isFlowing: () => boolean) {
    this.#socket = socket;
    this.#failure = failure;
    this.#isFlowing = isFlowing;
    this.#bytesRead = socket.bytesRead;
    setImmediate(this.#look);
  }

  /** The reader reads again. */
  resume(): void {
    if (!this.#waits) return;
    this.#waits = false;
    this.#quietTurns = 0;
    setImmediate(this.#look);
  }

  readonly #look = (): void => {
    if (this.#socket.destroyed) return;
    if (!this.#isFlowing()) {
      this.#waits = true;
      return;
    }
    const { bytesRead } = this.#socket;
    this.#quietTurns = bytesRead === this.#bytesRead ? this.#quietTurns + 1 : 0;
    this.#bytesRead = bytesRead;
    if (this.#quietTurns < QUIET_TURNS) {
      setImmediate(this.#look);
      return;
    }
    this.isOver = true;
    this.#socket.destroy(this.#failure);
  };
}

/** When a write fails, calls `failed` first. The socket is destroyed only if `failed` returns false. */
export function interceptWriteError(socket: StreamSocket, failed: (failure: Error) => boolean): void {
  const destroy = socket.destroy.bind(socket);
  socket.destroy = (error?: Error): unknown => {
    const { syscall } = (error ?? {}) as NodeJS.ErrnoException;
    if (error !== undefined && SENDING.has(syscall ?? '') && failed(error)) return socket;
    return destroy(error);
  };
}
