import { createServer, isIP, type Server, type Socket } from 'node:net';

import type { Address } from '../../config/values/address.ts';
import type { Endpoint, Logger } from '../../plugin-api/index.ts';
import type { BindAddresses } from '../dns/bind-addresses.ts';
import type { DescriptorCopier } from '../node/descriptor-copier.ts';
import { keepAliveSeconds, setKeepAlive } from '../node/keep-alive.ts';
import { listeningHandleOf, type Handle } from '../node/node-internals.ts';
import type { ProcessResources } from '../resources/process-resources.ts';
import { UNIX_END } from '../transport/endpoints.ts';
import { AcceptBursts } from './accept-bursts.ts';
import { interceptHandles } from './accepted-transport.ts';
import { BoundServer } from './bind/bound-server.ts';

const BACKLOG = 4096;
const ALL_ADDRESSES: ReadonlySet<string> = new Set(['0.0.0.0', '::']);

export interface ListeningSocketOptions {
  readonly address: Address;
  /** Resolves the host name of the address. Default: Node.js looks the name up, in its thread pool. */
  readonly bindAddresses?: BindAddresses | undefined;
  /** Needed to accept more than one connection in a turn of a busy event loop. Default: one connection a turn. */
  readonly copier?: DescriptorCopier | undefined;
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

/** The socket that a listener accepts connections from. */
export class ListeningSocket {
  readonly #options: ListeningSocketOptions;
  readonly #acceptor: Acceptor;
  readonly #server: Server;
  readonly #place: BoundServer;
  #keepAliveMs: number;
  #localEnd: Endpoint | undefined;
  #port: number;
  #bursts: AcceptBursts | undefined;

  constructor(options: ListeningSocketOptions, acceptor: Acceptor) {
    this.#options = options;
    this.#acceptor = acceptor;
    this.#port = portOf(options.address);
    this.#keepAliveMs = options.keepAliveMs ?? 0;
    this.#server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, (socket) => {
      if (this.#keepAliveMs > 0) socket.setKeepAlive(true, keepAliveSeconds(this.#keepAliveMs) * 1000);
      acceptor.acceptSocket(socket);
    });
    this.#server.on('error', (error) => {
      if (this.#server.listening) acceptor.acceptFailed(error);
    });
    const { address, bindAddresses, socketMode } = options;
    this.#place = new BoundServer(this.#server, {
      address,
      what: '',
      bindAddresses,
      socketMode,
      backlog: BACKLOG,
      listening: () => {
        this.#intercept();
      },
    });
  }

  /** Binds. `name` is the listener's, for error messages. Rejects with `address_in_use` or another BalanceError that names the address. */
  async listen(name: string): Promise<void> {
    this.#place.what = `listener ${name}`;
    const bound = await this.#place.listen();
    this.#localEnd = localEndAt(bound);
    this.#port = portOf(bound);
  }

  /** The address that is bound, with the real port where the config said 0. */
  get bound(): Address {
    return this.#place.address;
  }

  /** Our end of each connection. Undefined when the socket is bound to all addresses of the machine: then it depends on the connection. */
  get localEnd(): Endpoint | undefined {
    return this.#localEnd;
  }

  /** The port that is bound; 0 for a unix socket. */
  get port(): number {
    return this.#port;
  }

  /** How many descriptors connections are accepted from: more than one while the event loop is busy. */
  get descriptors(): number {
    return this.#bursts?.descriptors ?? 1;
  }

  /** Applies to connections that are accepted from now on. Open connections keep their setting. */
  setKeepAlive(afterMs: number): void {
    if (afterMs === this.#keepAliveMs) return;
    this.#keepAliveMs = afterMs;
    const listening = listeningHandleOf(this.#server);
    if (listening !== undefined) setKeepAlive(listening, afterMs);
  }

  /** Gives a unix socket other permissions. A failure is logged with the name of the listener. */
  setSocketMode(mode: number | undefined, logger: Logger, listener: string): void {
    this.#place.setSocketMode(mode, logger, { listener });
  }

  /** A connection was accepted: checks whether the event loop is busy. */
  noteAccept(): void {
    this.#bursts?.noteAccept();
  }

  /** Descriptors are short: for a while, accepts from one descriptor only. */
  yieldDescriptors(): void {
    this.#bursts?.yieldDescriptors();
  }

  /**
   * Stops listening, so that another socket can take the address over. The address is free on return, or when the returned promise
   * resolves.
   */
  suspend(): Promise<void> | undefined {
    const freed = this.#endBursts();
    this.#place.suspend();
    return freed;
  }

  /** Listens again at the same address. Does nothing after `close`. */
  resume(): Promise<void> {
    return this.#place.resume();
  }

  /** Stops listening, and never listens again. Returns what {@link suspend} does. */
  close(): Promise<void> | undefined {
    const freed = this.#endBursts();
    this.#place.close();
    return freed;
  }

  #endBursts(): Promise<void> | undefined {
    const freed = this.#bursts?.close();
    this.#bursts = undefined;
    return freed;
  }

  /** Called as soon as the server listens, in the same event: the first connection may come with the next event. */
  #intercept(): void {
    const { copier, resources } = this.#options;
    const listening = interceptHandles(this.#server, {
      backlog: BACKLOG,
      keepAliveMs: () => this.#keepAliveMs,
      accept: (handle) => {
        this.#acceptor.acceptHandle(handle);
      },
    });
    if (listening !== undefined && copier !== undefined)
      this.#bursts = new AcceptBursts({ listening, backlog: BACKLOG, copier, resources });
  }
}

function portOf(address: Address): number {
  return address.kind === 'tcp' ? address.port : 0;
}

function localEndAt(bound: Address): Endpoint | undefined {
  if (bound.kind === 'unix') return UNIX_END;
  return isIP(bound.host) === 0 || ALL_ADDRESSES.has(bound.host)
    ? undefined
    : { address: bound.host, port: bound.port };
}
