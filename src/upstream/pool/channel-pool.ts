import type { BalanceError } from '../../errors.ts';
import type { DialedFor } from '../../net/dial/dialer.ts';
import type { SocketUse } from '../../plugin-api/index.ts';
import type { Channel } from './channel.ts';

/** A lease that waits for a channel. */
export interface PoolWaiter {
  /** The client that the lease is for; undefined when the protocol did not say. Only read where a connection is made for one lease. */
  readonly client?: DialedFor | undefined;
  /** What the lease uses its channel for. Only read where a connection is made for one lease. */
  readonly use?: SocketUse | undefined;
  /** The channel is connected and fit for use. It belongs to the waiter until it is released. */
  taken(channel: Channel): void;
  failed(error: BalanceError): void;
}

/** A lease that waits for a connection that is being made. */
export interface PendingTake {
  /** The lease does not want a channel any more: its waiter is not called. A connection that no other lease could use is not made. */
  destroy(): void;
}

/**
 * Where leases of one backend get their channels from. Leases know no more of a pool than this:
 *
 * - {@link SocketPool} keeps sockets and gives each to one lease at a time;
 * - {@link FreshSockets} keeps none and connects for each lease.
 *
 * A channel goes back only to the pool that gave it: each pool has channels of its own kind.
 */
export interface ChannelPool {
  /** True while the pool has no place for a further lease. The backend is then not available for its upstream. */
  readonly isFull: boolean;
  /**
   * Takes a place for a lease, which then {@link take}s a channel at once. False when other workers have taken the last place. Only asked
   * where there are other workers.
   */
  reserve(): boolean;
  /**
   * Gives `waiter` a channel or an error, after this has returned. With `atOnce`, an idle channel is given before this returns.
   *
   * @returns what the waiter can leave by, as long as it was called neither way; undefined when it gets an idle channel
   */
  take(waiter: PoolWaiter, atOnce: boolean): PendingTake | undefined;
  /** Takes a channel back. It may rest for `idleMs` before its next lease; with 0 it is closed now. */
  release(channel: Channel, idleMs: number): void;
  /** A leased channel leaves the pool but stays open. Its place is free for another channel. */
  forget(channel: Channel): void;
}
