import type { Dialer } from '../../net/dial/dialer.ts';
import type { BackendState } from '../backend/backend-state.ts';
import type { Channel } from './channel.ts';
import type { ChannelPool, PendingTake, PoolWaiter } from './channel-pool.ts';
import { asBalanceError, connectTo, type Connected } from './connect-to.ts';

/** Is told how long connecting takes. */
export interface ConnectTimes {
  connected(connectMs: number): void;
}

/** Connects to one backend for each lease, and closes the socket after it. */
export class FreshSockets implements ChannelPool {
  readonly isFull = false;
  readonly #backend: BackendState;
  readonly #dialer: Dialer;
  readonly #times: ConnectTimes | undefined;

  /** @param times is told of connections that serve one client only, as of `tcp`. Default: nobody is */
  constructor(backend: BackendState, dialer: Dialer, times?: ConnectTimes) {
    this.#backend = backend;
    this.#dialer = dialer;
    this.#times = times;
  }

  reserve(): boolean {
    return true;
  }

  /** Nobody else can use the connection: it is given up when its lease leaves. */
  take(waiter: PoolWaiter): PendingTake {
    const times = waiter.use === 'once' ? this.#times : undefined;
    const beganAtMs = times === undefined ? 0 : performance.now();
    const connected: Connected = (error, socket) => {
      if (socket === undefined) {
        waiter.failed(asBalanceError(error));
        return;
      }
      times?.connected(performance.now() - beganAtMs);
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
