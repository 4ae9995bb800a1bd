import type { Dialer } from '../../net/dial/dialer.ts';
import type { BackendState } from '../backend/backend-state.ts';
import type { Channel } from './channel.ts';
import type { ChannelPool, PendingTake, PoolWaiter } from './channel-pool.ts';
import { asBalanceError, connectTo, type Connected } from './connect-to.ts';

/** Connects to one backend for each lease, and closes the socket after it. */
export class FreshSockets implements ChannelPool {
  readonly isFull = false;
  readonly #backend: BackendState;
  readonly #dialer: Dialer;

  constructor(backend: BackendState, dialer: Dialer) {
    this.#backend = backend;
    this.#dialer = dialer;
  }

  reserve(): boolean {
    return true;
  }

  /** Nobody else can use the connection: it is given up when its lease leaves. */
  take(waiter: PoolWaiter): PendingTake {
    const connected: Connected = (error, socket) => {
      if (socket === undefined) {
        waiter.failed(asBalanceError(error));
        return;
      }
      socket.uses = 1;
      waiter.taken(socket);
    };
    return connectTo(this.#backend, this.#dialer, waiter.use, connected, waiter.client);
  }

  release({ stream }: Channel): void {
    if (!stream.destroyed) stream.destroy();
  }

  forget(): void {
    // There is nothing to do: this pool keeps no socket.
  }
}
