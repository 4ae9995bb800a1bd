import type { Config } from '../../config/schema/config.generated.ts';
import type { SocketControl } from '../control/proxy-control.ts';
import type { WorkerLink } from './worker-link.ts';

/** A worker that gets descriptors. */
export interface SocketPeer {
  /** From 0 on. */
  readonly index: number;
  /** As people see it. */
  readonly number: number;
  readonly ask: WorkerLink['ask'];
}

/** Holds the listening sockets of all workers, which accept from them by descriptors of their own. */
export interface SocketHolder extends SocketControl {
  /** Generation `id` has these listeners, and `peers` are to accept for them. */
  plan(id: number, config: Config, peers: readonly SocketPeer[]): void;
  /** The generation is live: sockets that it has no listener for are closed. */
  commit(id: number): void;
  /** Closes what was bound for the generation. */
  abort(id: number): void;
  /** Has a worker that prepared the live generation accept from its sockets. Rejects when that can't be. */
  join(peer: SocketPeer, id: number): Promise<void>;
  /** The worker needs further descriptors of a socket. */
  need(worker: number, socket: number, count: number): void;
  /** Bound addresses by the names of the live generation's listeners. */
  addresses(): ReadonlyMap<string, string>;
  /** Closes all sockets. @param isReplaced whether another process goes on at these addresses */
  close(isReplaced?: boolean): void;
}
