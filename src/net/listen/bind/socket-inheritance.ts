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

export interface InheritedSocket {
  /** A descriptor of the socket. Others may accept from it too. */
  readonly fd: number;
  readonly bound: Address;
  /** Whether the path of a unix socket is to be removed with it. That of a service manager stays. */
  readonly ownsPath: boolean;
}

/** A listening socket that another process can take over. */
export interface OfferedSocket {
  /** Whose it is: `listener web`, `admin server` … */
  readonly what: string;
  /** The address as in the config. */
  readonly address: string;
  /** The same with the real port where the config says 0. */
  readonly bound: string;
  /** The number of its descriptor. */
  readonly fd: number;
  /** As {@link InheritedSocket.ownsPath}. */
  readonly ownsPath: boolean;
}
