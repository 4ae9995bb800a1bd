import type { StreamReader } from '../../plugin-api/index.ts';
import type { PooledSocket } from './pooled-socket.ts';

/** Who has a socket for itself, between two of its exchanges. */
export interface SocketKeeper {
  /** The socket is of no use any more. */
  discard(): void;
}

/** A socket that rests for one keeper, outside of its pool: the first byte, the end or a reset of the backend ends it. */
export class KeptSocket implements StreamReader {
  readonly #keeper: SocketKeeper;
  readonly #socket: PooledSocket;
  readonly #dueAtMs: number;

  constructor(keeper: SocketKeeper, socket: PooledSocket, idleMs: number) {
    this.#keeper = keeper;
    this.#socket = socket;
    // The clock is only asked where there is a limit.
    this.#dueAtMs = idleMs === Number.POSITIVE_INFINITY ? idleMs : performance.now() + idleMs;
    socket.stream.read(this);
  }

  /** False once the backend may close it at any moment, or did. */
  get isUsable(): boolean {
    const { stream, isOutdated } = this.#socket;
    if (stream.stale || isOutdated) return false;
    return this.#dueAtMs === Number.POSITIVE_INFINITY || performance.now() <= this.#dueAtMs;
  }

  data(): void {
    // Nobody asked: whatever this is must never reach the next exchange.
    this.#keeper.discard();
  }

  end(): void {
    this.#keeper.discard();
  }

  drained(): void {
    // Nothing is written to a resting socket.
  }

  closed(): void {
    this.#keeper.discard();
  }
}
