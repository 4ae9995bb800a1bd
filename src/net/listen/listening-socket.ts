import { createServer, isIP, type Server, type Socket } from 'node:net';

import type { Address } from '../../config/values/address.ts';
import type { Endpoint } from '../../plugin-api/index.ts';
import type { BindAddresses } from '../dns/bind-addresses.ts';
import type { DescriptorCopier } from '../node/descriptor-copier.ts';
import { keepAliveSeconds, setKeepAlive } from '../node/keep-alive.ts';
import { listeningHandleOf, type Handle } from '../node/node-internals.ts';
import type { ProcessResources } from '../resources/process-resources.ts';
import { UNIX_END } from '../transport/endpoints.ts';
import { AcceptBursts } from './accept-bursts.ts';
import { interceptHandles } from './accepted-transport.ts';
import { bindServer } from './bind-server.ts';
import { changeMode } from './unix-socket.ts';

const BACKLOG = 4096;
const ALL_ADDRESSES: ReadonlySet<string> = new Set(['0.0.0.0', '::']);

export interface ListeningSocketOptions {
  readonly address: Address;
  /** What its host name stands for. Default: the runtime looks that up, in its thread pool. */
  readonly bindAddresses?: BindAddresses | undefined;
  /** For accepting more than one connection a turn of a busy loop. Default: one a turn. */
  readonly copier?: DescriptorCopier | undefined;
  /** As of `setKeepAlive`, for connections that are accepted. Default: no probes. */
  readonly keepAliveMs?: number | undefined;
  /** Permissions of a unix socket. Default: what the process's umask leaves. */
  readonly socketMode?: number | undefined;
  /** What clients may take of this process. Default: all there is. */
  readonly resources?: ProcessResources | undefined;
}

/** Gets what a listening socket accepts. */
export interface Acceptor {
  /** A connection, as the operating system's socket. */
  acceptHandle(handle: Handle): void;
  /** A connection, when Node.js does not let its handle be had. */
  acceptSocket(socket: Socket): void;
  /** A connection could not be accepted. */
  acceptFailed(error: Error): void;
}

/** An address that is bound: where connections come from. */
export class ListeningSocket {
  readonly #options: ListeningSocketOptions;
  readonly #acceptor: Acceptor;
  readonly #server: Server;
  #keepAliveMs: number;
  #socketMode: number | undefined;
  #bound: Address;
  #localEnd: Endpoint | undefined;
  #name = '';
  #bursts: AcceptBursts | undefined;
  #closed = false;

  constructor(options: ListeningSocketOptions, acceptor: Acceptor) {
    this.#options = options;
    this.#acceptor = acceptor;
    this.#bound = options.address;
    this.#keepAliveMs = options.keepAliveMs ?? 0;
    this.#socketMode = options.socketMode;
    this.#server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, (socket) => {
      if (this.#keepAliveMs > 0) socket.setKeepAlive(true, keepAliveSeconds(this.#keepAliveMs) * 1000);
      acceptor.acceptSocket(socket);
    });
    this.#server.on('error', (error) => {
      if (this.#server.listening) acceptor.acceptFailed(error);
    });
  }

  /** Binds, for the listener of that name. Rejects with `address_in_use` or another BalanceError that names the address. */
  async listen(name: string): Promise<void> {
    this.#name = name;
    const { address, bindAddresses } = this.#options;
    this.#bound = await this.#bind(address, bindAddresses);
    this.#localEnd = localEndAt(this.#bound);
  }

  /** The address that is bound, with the real port where the config said 0. */
  get bound(): Address {
    return this.#bound;
  }

  /** Our end of each connection; undefined when it depends on the connection, as the socket is bound to all addresses of the machine. */
  get localEnd(): Endpoint | undefined {
    return this.#localEnd;
  }

  /** The port that is bound; 0 for a unix socket. */
  get port(): number {
    return this.#bound.kind === 'tcp' ? this.#bound.port : 0;
  }

  /** Descriptors that are accepted from; more than one while the loop is busy. */
  get descriptors(): number {
    return this.#bursts?.descriptors ?? 1;
  }

  /** Counts for connections that are accepted from now on; open ones keep what they have. */
  setKeepAlive(afterMs: number): void {
    if (afterMs === this.#keepAliveMs) return;
    this.#keepAliveMs = afterMs;
    const listening = listeningHandleOf(this.#server);
    if (listening !== undefined) setKeepAlive(listening, afterMs);
  }

  /** Gives a unix socket other permissions. Throws when the system does not allow that. */
  setSocketMode(mode: number | undefined): void {
    const { address } = this.#options;
    if (mode === this.#socketMode || address.kind !== 'unix') return;
    this.#socketMode = mode;
    if (this.#server.listening) changeMode(address.path, mode);
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
   * Stops listening for the moment in which another socket tries to take the address over. A promise that is returned
   * resolves when the address is free.
   */
  suspend(): Promise<void> | undefined {
    const freed = this.#bursts?.close();
    this.#bursts = undefined;
    this.#server.close();
    return freed;
  }

  /** Listens again at the same address. Does nothing after `close`. */
  async resume(): Promise<void> {
    if (!this.#closed) await this.#bind(this.#bound);
  }

  /** {@link suspend} without a way back. */
  close(): Promise<void> | undefined {
    this.#closed = true;
    return this.suspend();
  }

  #bind(address: Address, bindAddresses?: BindAddresses): Promise<Address> {
    return bindServer(this.#server, {
      address,
      what: `listener ${this.#name}`,
      bindAddresses,
      socketMode: this.#socketMode,
      backlog: BACKLOG,
      listening: () => {
        this.#intercept();
      },
      isClosed: () => this.#closed,
    });
  }

  /** Called in the event in which the server begins to listen, as the next connection may come with the next event. */
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

function localEndAt(bound: Address): Endpoint | undefined {
  if (bound.kind === 'unix') return UNIX_END;
  return isIP(bound.host) === 0 || ALL_ADDRESSES.has(bound.host)
    ? undefined
    : { address: bound.host, port: bound.port };
}
