import { BalanceError } from '../errors.ts';
import type { PooledSocket } from './pooled-socket.ts';

/** Someone who waits for a socket. */
export interface SocketTaker {
  taken(socket: PooledSocket): void;
  failed(error: BalanceError): void;
}

/** Where sockets come from. */
interface SocketSource {
  giveBack(socket: PooledSocket): void;
  /** Somebody waited for too long. */
  timedOut(): void;
}

/**
 * Someone who waits for a socket only for so long. generic-pool's own limit sets a timer for each acquire, also for those
 * that are served at once; this one is made only where there is something to wait for.
 */
export class ImpatientTaker implements SocketTaker {
  readonly #taker: SocketTaker;
  readonly #source: SocketSource;
  readonly #timer: NodeJS.Timeout;
  #gaveUp = false;

  constructor(taker: SocketTaker, source: SocketSource, timeoutMs: number) {
    this.#taker = taker;
    this.#source = source;
    this.#timer = setTimeout(() => {
      this.#gaveUp = true;
      source.timedOut();
      taker.failed(
        new BalanceError('pool_timeout', `no socket within ${String(timeoutMs)} ms`, {
          origin: 'upstream',
          retryable: true,
          status: 503,
        }),
      );
    }, timeoutMs);
  }

  taken(socket: PooledSocket): void {
    clearTimeout(this.#timer);
    if (this.#gaveUp) this.#source.giveBack(socket);
    else this.#taker.taken(socket);
  }

  failed(error: BalanceError): void {
    clearTimeout(this.#timer);
    if (!this.#gaveUp) this.#taker.failed(error);
  }
}
