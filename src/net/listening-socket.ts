import { createServer, type Server, type Socket } from 'node:net';
import { unlink } from 'node:fs/promises';

import type { Address } from '../config/address.ts';
import { bindRefusal } from '../config/bind-refusal.ts';
import { bindWithMode, changeMode } from '../config/unix-socket-mode.ts';
import { systemCodeOf } from '../errors.ts';
import { isAbandoned } from './abandoned-socket.ts';
import { AcceptBursts } from './accept-bursts.ts';
import { interceptHandles } from './accepted-stream.ts';
import type { DescriptorCopier } from './descriptor-copier.ts';
import { isElsewhere, type BindAddresses } from './dns/bind-addresses.ts';
import { keepAliveSeconds, setKeepAlive } from './keep-alive.ts';
import { listeningHandleOf, type Handle } from './node-internals.ts';
import type { OwnResources } from './own-resources.ts';

const BACKLOG = 4096;

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
  readonly resources?: OwnResources | undefined;
}

/** Who gets what a listening socket accepts. */
export interface Acceptor {
  /** A connection, as the operating system's socket. */
  acceptHandle(handle: Handle): void;
  /** A connection, where the runtime does not let its handle be had. */
  acceptSocket(socket: Socket): void;
  /** A connection could not be accepted. */
  acceptFailed(error: Error): void;
}

/** An address that is bound: where connections come from. */
export class ListeningSocket {
  readonly #options: ListeningSocketOptions;
  readonly #acceptor: Acceptor;
  readonly #bindAddresses: BindAddresses;
  readonly #server: Server;
  #keepAliveMs: number;
  #socketMode: number | undefined;
  #bound: Address;
  #bursts: AcceptBursts | undefined;
  #closed = false;

  constructor(options: ListeningSocketOptions, acceptor: Acceptor) {
    this.#options = options;
    this.#acceptor = acceptor;
    this.#bindAddresses = options.bindAddresses ?? ((address) => Promise.resolve([address]));
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
    const { address } = this.#options;
    try {
      await this.#bindFirst(await this.#bindAddresses(address)).catch(async (error: unknown) => {
        const inUse = systemCodeOf(error) === 'EADDRINUSE';
        if (address.kind !== 'unix' || !inUse || !(await isAbandoned(address.path))) throw error;
        await unlink(address.path);
        await this.#bind(address);
      });
    } catch (error) {
      throw bindRefusal(`listener ${name}`, address, error);
    }
    const bound = this.#server.address();
    if (typeof bound === 'object' && bound !== null)
      this.#bound = { kind: 'tcp', host: bound.address, port: bound.port };
  }

  /** The address that is bound, with the real port where the config said 0. */
  get bound(): Address {
    return this.#bound;
  }

  /** Descriptors that are accepted from; more than one while the loop is busy. */
  get descriptors(): number {
    return this.#bursts?.descriptors ?? 1;
  }

  /** From now on connections are accepted with this; those that are open keep what they have. */
  setKeepAlive(afterMs: number): void {
    if (afterMs === this.#keepAliveMs) return;
    this.#keepAliveMs = afterMs;
    const listening = listeningHandleOf(this.#server);
    if (listening !== undefined) setKeepAlive(listening, afterMs);
  }

  /** Gives a unix socket other permissions. Throws where the system does not allow that. */
  setMode(mode: number | undefined): void {
    const { address } = this.#options;
    if (mode === this.#socketMode || address.kind !== 'unix') return;
    this.#socketMode = mode;
    if (this.#server.listening) changeMode(address.path, mode);
  }

  /** A connection was accepted: whether the loop is busy is looked at now. */
  noteAccept(): void {
    this.#bursts?.noteAccept();
  }

  /** Descriptors are short: accepts from one only, for a while. */
  yieldDescriptors(): void {
    this.#bursts?.yieldDescriptors();
  }

  /**
   * Stops listening for the moment in which another socket tries to take the address over. What it gives, if anything,
   * resolves once the address is free.
   */
  suspend(): Promise<void> | undefined {
    const freed = this.#bursts?.close();
    this.#bursts = undefined;
    this.#server.close();
    return freed;
  }

  /** Listens again where it did before; nothing once it was closed. */
  async resume(): Promise<void> {
    if (!this.#closed) await this.#bind(this.#bound);
  }

  /** {@link suspend} without a way back. */
  close(): Promise<void> | undefined {
    this.#closed = true;
    return this.suspend();
  }

  /** Binds at the first of these addresses that this machine has. */
  async #bindFirst(addresses: readonly Address[]): Promise<void> {
    for (const [index, address] of addresses.entries()) {
      if (this.#closed) throw new Error('it was closed while its name was looked up');
      try {
        await this.#bind(address);
        return;
      } catch (error) {
        if (index === addresses.length - 1 || !isElsewhere(systemCodeOf(error))) throw error;
      }
    }
  }

  #bind(address: Address): Promise<void> {
    return new Promise((resolve, reject) => {
      const failed = (error: Error): void => {
        this.#server.removeListener('listening', listening);
        reject(error);
      };
      const listening = (): void => {
        this.#server.removeListener('error', failed);
        this.#intercept();
        resolve();
      };
      this.#server.once('error', failed).once('listening', listening);
      if (address.kind === 'unix') bindWithMode(this.#server, address.path, this.#socketMode, BACKLOG);
      else if (address.host === '') this.#server.listen({ port: address.port, backlog: BACKLOG });
      else this.#server.listen({ host: address.host, port: address.port, backlog: BACKLOG });
    });
  }

  /** At once when it listens, as the next connection may come with the next event. */
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
