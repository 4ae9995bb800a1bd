import type { Address } from '../../../config/values/address.ts';

/**
 * Sockets that listen already when this process starts: those of the version before it, or those that systemd has opened. A server whose
 * address is among them uses that socket instead of binding the address.
 */
export interface SocketInheritance {
  /**
   * The socket for that address; undefined when there is none, and the address is to be bound. Nobody else gets it afterwards.
   *
   * @param what the server, as in `listener web` or `admin server`
   */
  claim(address: Address, what: string): InheritedSocket | undefined;
  /**
   * Runs what begins to accept from an inherited socket: now, or later, when the version before hands over. Resolves when that was done or
   * put off. When it fails later, this process does not take over.
   */
  whenHandedOver(begin: () => Promise<void> | void): Promise<void>;
}

export type InheritedSocket =
  /** A descriptor of the socket. Others may accept from it too. */
  | { readonly kind: 'descriptor'; readonly fd: number; readonly bound: Address }
  /**
   * A unix socket with a path, which another process has. It must be bound anew beside that path and renamed over it, because libuv
   * removes the path when the process that bound it closes it.
   */
  | { readonly kind: 'path' };

/** A listening socket that another process can take over. */
export interface OfferedSocket {
  /** Whose it is: `listener web`, `admin server` … */
  readonly what: string;
  /** The address as in the config. */
  readonly address: string;
  /** The same with the real port where the config says 0. */
  readonly bound: string;
  /** The number of its descriptor; null for a unix socket with a path, which is bound anew. */
  readonly fd: number | null;
}
