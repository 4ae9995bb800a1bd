import type { StreamReader } from '../../plugin-api/index.ts';
import type { RestingLease } from '../backend/backend-state.ts';
import type { PooledSocket } from './pooled-socket.ts';

/**
 * A socket that is pinned to one client and rests, outside of its pool, until that client's next request. Bytes, an end or
 * a reset from the backend end its lease.
 */
export class PinnedSocket implements StreamReader {
  readonly #lease: RestingLease;
  readonly #socket: PooledSocket;
  readonly #dueAtMs: number;

  constructor(lease: RestingLease, socket: PooledSocket, idleMs: number) {
    this.#lease = lease;
    this.#socket = socket;
    // The clock is only read where there is a limit.
    this.#dueAtMs = idleMs === Number.POSITIVE_INFINITY ? idleMs : performance.now() + idleMs;
    socket.stream.read(this);
  }

  /** False once the backend has closed the socket, or may close it at any moment. */
  get isUsable(): boolean {
    const { stream, isOutdated } = this.#socket;
    if (stream.stale || isOutdated) return false;
    return this.#dueAtMs === Number.POSITIVE_INFINITY || performance.now() <= this.#dueAtMs;
  }

  data(): void {
    // No request asked for these bytes: they must never reach the next exchange.
    this.#end();
  }

  end(): void {
    this.#end();
  }

  drained(): void {
    // Nothing is written to a resting socket.
  }

  closed(): void {
    this.#end();
  }

  /** Ends the lease without an error: a backend may close a socket that rests. */
  #end(): void {
    this.#lease.end(undefined, 0, 0);
  }
}
