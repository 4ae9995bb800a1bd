import type { Address } from '../../config/values/address.ts';
import type { BalanceError } from '../../errors.ts';
import type { SocketUse } from '../../plugin-api/index.ts';
import type { FaultOwner } from '../faults/plugin-fault.ts';
import type { HeaderSubject } from '../proxy-protocol/write/proxy-header-of.ts';
import type { OwnedTransport } from '../transport/owned-transport.ts';

/** A transport to a backend, as pools need it. */
export interface DialedTransport extends OwnedTransport {
  /** Whom a fault of the reader is reported for. */
  faultOwner: FaultOwner | undefined;
  /** True when nothing more can be read, and nothing that is sent would be answered. */
  readonly stale: boolean;
  /** True after the backend has ended its direction, even if bytes from before are not read yet. */
  readonly peerEnded: boolean;
  /** True while there are bytes that nobody has read. */
  readonly hasUnreadBytes: boolean;
}

/** A connection to a backend. */
export interface Dialed {
  readonly transport: DialedTransport;
  /** The IP address at the other end when the backend is given by a name; undefined when its address can't change. */
  readonly ip: string | undefined;
}

/** The client that a connection is made for: whose addresses and TLS session a PROXY header tells the backend. */
export type DialedFor = HeaderSubject;

/** How an attempt to connect ended: with an error, or with a connection. */
export type DialDone = (error: BalanceError | undefined, dialed?: Dialed) => void;

/** A dial under way. */
export interface PendingDial {
  /** Ends it. `done` is not called any more. No effect once `done` was called. */
  destroy(): void;
}

/**
 * One way to connect to backends: over plain sockets, or with TLS. A dialer belongs to the settings of an upstream, and each of its connections
 * is made with all of them.
 */
export interface Dialer {
  /**
   * Says everything that makes the connections of this dialer differ from those of another one. Two dialers with the same key
   * make the same connections, so their upstreams may share a pool. Made from the settings by `settingsKey`.
   */
  readonly key: string;
  /**
   * Connects. `done` is called exactly once, and never before this returns. Its error is retryable, as nothing was sent yet, or it is
   * `resources_exhausted`, which another backend can't help.
   *
   * @param client the client that the connection is for. Default: nobody, as for a connection that is made ahead of time
   * @param use what the connection is for, which says what TLS offers by ALPN where the config does not. Default: not known
   */
  dial(to: Address, done: DialDone, client?: DialedFor, use?: SocketUse): PendingDial;
}
