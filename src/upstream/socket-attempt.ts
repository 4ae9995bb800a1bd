import type { BalanceError } from '../errors.ts';
import type { PooledSocket } from './pooled-socket.ts';
import type { SocketTaker } from './socket-taker.ts';

/** One try to get a socket for a lease that has to wait for it. An edit may give it up, where the lease has better to do. */
export class SocketAttempt implements SocketTaker {
  readonly #lease: SocketTaker;
  /** Takes a socket that came for nobody. */
  readonly #returned: (socket: PooledSocket) => void;
  #givenUp = false;

  constructor(lease: SocketTaker, returned: (socket: PooledSocket) => void) {
    this.#lease = lease;
    this.#returned = returned;
  }

  /** Whatever comes of it is not for the lease any more. */
  giveUp(): void {
    this.#givenUp = true;
  }

  taken(socket: PooledSocket): void {
    if (this.#givenUp) this.#returned(socket);
    else this.#lease.taken(socket);
  }

  failed(error: BalanceError): void {
    if (!this.#givenUp) this.#lease.failed(error);
  }
}
