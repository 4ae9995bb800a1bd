import type { StreamSocket } from './stream-socket.ts';

/** System calls that fail once the peer is gone, though bytes of it may have arrived that nobody has read. */
const SENDING = new Set(['write', 'writev', 'shutdown']);
/** A read of all sockets is begun before the first turn of the event loop ends, and a whole one is done within the second. */
const QUIET_TURNS = 2;

/**
 * What a peer sent before it reset the connection. A server that refuses a large upload and closes at once resets: then the next
 * write fails, while the answer waits to be read. The runtime destroys a socket whose write failed, and with it the answer.
 */
export class DelayedWriteError {
  readonly #socket: StreamSocket;
  readonly #failure: Error;
  readonly #isFlowing: () => boolean;
  #heard: number;
  #quietTurns = 0;
  /** True while the reader has paused. */
  #waits = false;
  /** Nothing more can be heard. */
  isOver = false;

  /**
   * Destroys the socket with `failure` once a turn of the event loop, in which it could be read, brought nothing more.
   *
   * @param isFlowing whether somebody reads: who has paused hears the rest later
   */
  constructor(socket: StreamSocket, failure: Error, isFlowing: () => boolean) {
    this.#socket = socket;
    this.#failure = failure;
    this.#isFlowing = isFlowing;
    this.#heard = socket.bytesRead;
    setImmediate(this.#look);
  }

  /** The reader goes on. */
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
    const heard = this.#socket.bytesRead;
    this.#quietTurns = heard === this.#heard ? this.#quietTurns + 1 : 0;
    this.#heard = heard;
    if (this.#quietTurns < QUIET_TURNS) {
      setImmediate(this.#look);
      return;
    }
    this.isOver = true;
    this.#socket.destroy(this.#failure);
  };
}

/** Has `failed` called instead of destroying the socket when nothing can be sent any more. `failed` returns false to have it destroyed. */
export function onSendingFailed(socket: StreamSocket, failed: (failure: Error) => boolean): void {
  const destroy = socket.destroy.bind(socket);
  socket.destroy = (error?: Error): unknown => {
    const { syscall } = (error ?? {}) as NodeJS.ErrnoException;
    if (error !== undefined && SENDING.has(syscall ?? '') && failed(error)) return socket;
    return destroy(error);
  };
}
