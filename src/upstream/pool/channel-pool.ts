import type { BalanceError } from '../../errors.ts';
import type { DialedFor } from '../../net/dial/dialer.ts';
import type { PooledSocket } from './pooled-socket.ts';

/** A lease that waits for a socket. */
export interface PoolWaiter {
  /** The client that the lease is for; undefined when the protocol did not say. Only read where a connection is made for one lease. */
  readonly client?: DialedFor | undefined;
  /** The socket is connected and fit for use. It belongs to the waiter until it is released. */
  taken(socket: PooledSocket): void;
  failed(error: BalanceError): void;
}

/**
 * Where leases of one backend get their channels from. Leases know no more of a pool than this:
 *
 * - {@link SocketPool} keeps sockets and gives each to one lease at a time;
 * - {@link FreshSockets} keeps none and connects for each lease.
 *
 * Every lease has a whole socket today. A pool in which leases share one connection (a stream each) needs a type for a stream first.
 */
export interface ChannelPool {
  /** True while the pool has no place for a further lease. The backend is then not available for its upstream. */
  readonly isFull: boolean;
  /**
   * Gives `waiter` a socket or an error, after this has returned. With `atOnce`, an idle socket is given before this returns.
   */
  take(waiter: PoolWaiter, atOnce: boolean): void;
  /** Takes a socket back. It may rest for `idleMs` before its next lease; with 0 it is closed now. */
  release(socket: PooledSocket, idleMs: number): void;
  /** A leased socket leaves the pool but stays open. Its place is free for another socket. */
  forget(socket: PooledSocket): void;
}
