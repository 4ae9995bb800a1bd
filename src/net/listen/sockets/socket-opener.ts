import type { Socket } from 'node:net';

import type { Address } from '../../../config/values/address.ts';
import type { Endpoint, Logger } from '../../../plugin-api/index.ts';
import type { BindAddresses } from '../../dns/bind-addresses.ts';
import type { Handle } from '../../node/node-internals.ts';
import type { ProcessResources } from '../../resources/process-resources.ts';
import type { OfferedSocket } from '../bind/socket-inheritance.ts';

export interface ListeningSocketOptions {
  readonly address: Address;
  /** Resolves the host name of the address. Default: Node.js looks the name up, in its thread pool. */
  readonly bindAddresses?: BindAddresses | undefined;
  /** As of `setKeepAlive`, for connections that are accepted. Default: no probes. */
  readonly keepAliveMs?: number | undefined;
  /** Permissions of a unix socket. Default: what the process's umask leaves. */
  readonly socketMode?: number | undefined;
  /** Limits on the descriptors that clients may take. Default: none. */
  readonly resources?: ProcessResources | undefined;
}

/** Gets what a listening socket accepts. */
export interface Acceptor {
  /** A connection was accepted. `handle` is the operating system's socket as Node.js wraps it. */
  acceptHandle(handle: Handle): void;
  /** A connection was accepted, and this version of Node.js does not give access to its handle. */
  acceptSocket(socket: Socket): void;
  /** A connection could not be accepted. */
  acceptFailed(error: Error): void;
}

/** How listeners come by their connections: by sockets of their own, or by sockets that several threads accept from. */
export interface SocketOpener {
  /** A socket for one listener. It accepts nothing before `listen`. */
  open(options: ListeningSocketOptions, acceptor: Acceptor): OpenedSocket;
  /** Whether a busy event loop can accept more than one connection a turn. */
  readonly hasBursts: boolean;
  /** Why it can't; '' when it can. Resolves when that is known. */
  whyNoBursts(): Promise<string>;
  /** No socket is opened any more, and those that are open get no further descriptors. */
  close(): void;
}

/** The socket that a listener accepts connections from. */
export interface OpenedSocket {
  /** Binds. `name` is the listener's, for error messages. Rejects with `address_in_use` or another BalanceError that names the address. */
  listen(name: string): Promise<void>;
  /** The address that is bound, with the real port where the config said 0. */
  readonly bound: Address;
  /** Our end of each connection. Undefined when the socket is bound to all addresses of the machine: then it depends on the connection. */
  readonly localEnd: Endpoint | undefined;
  /** The port that is bound; 0 for a unix socket. */
  readonly port: number;
  /** How many descriptors connections are accepted from: more than one while the event loop is busy. */
  readonly descriptors: number;
  /** How often it accepted nothing for a while because other workers that share it had fewer connections. */
  readonly rests: number;
  /** Applies to connections that are accepted from now on. Open connections keep their setting. */
  setKeepAlive(afterMs: number): void;
  /** Gives a unix socket other permissions. A failure is logged with the name of the listener. */
  setSocketMode(mode: number | undefined, logger: Logger, listener: string): void;
  /** A connection was accepted: checks whether the event loop is busy. */
  noteAccept(): void;
  /** A connection that was accepted has ended. */
  noteEnd(): void;
  /** Descriptors are short: for a while, accepts from one descriptor only. */
  yieldDescriptors(): void;
  /**
   * Stops listening, so that another socket can take the address over. The address is free on return, or when the returned promise
   * resolves.
   */
  suspend(): Promise<void> | undefined;
  /** Listens again at the same address. Does nothing after `close`. */
  resume(): Promise<void>;
  /**
   * Stops listening, and never listens again. Returns what {@link suspend} does.
   *
   * @param isReplaced whether another process has taken the socket over. Default: false
   */
  close(isReplaced?: boolean): Promise<void> | undefined;
  /** What another process needs to take the socket over; undefined for a socket that another thread has bound. */
  offer(): OfferedSocket | undefined;
}
