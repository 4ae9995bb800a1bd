import type { BalanceError } from '../../errors.ts';
import type { DialOptions } from '../../net/dial/dial.ts';
import type { BackendState } from '../backend/backend-state.ts';
import type { ChannelPool, PoolWaiter } from './channel-pool.ts';
import { connectTo } from './connect-to.ts';
import type { PooledSocket } from './pooled-socket.ts';

/** Connects to one backend for each lease, and closes the socket after it. */
export class FreshSockets implements ChannelPool {
  readonly isFull = false;
  readonly #backend: BackendState;
  readonly #dial: DialOptions;

  constructor(backend: BackendState, dial: DialOptions) {
    this.#backend = backend;
    this.#dial = dial;
  }

  take(waiter: PoolWaiter): void {
    connectTo(this.#backend, this.#dial).then(
      (socket) => {
        socket.uses = 1;
        waiter.taken(socket);
      },
      (error: unknown) => {
        waiter.failed(error as BalanceError);
      },
    );
  }

  release({ stream }: PooledSocket): void {
    if (!stream.destroyed) stream.destroy();
  }

  forget(): void {
    // It holds no socket.
  }
}
