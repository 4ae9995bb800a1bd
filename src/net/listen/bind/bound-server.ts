import { renameSync, unlinkSync } from 'node:fs';
import type { Server } from 'node:net';

import { formatAddress, MAX_UNIX_PATH_BYTES, type Address } from '../../../config/values/address.ts';
import { BalanceError, messageOf } from '../../../errors.ts';
import type { LogFields, Logger } from '../../../plugin-api/index.ts';
import { descriptorOf, handleOf } from '../../node/node-internals.ts';
import { bindServer, listenOn, type BindOptions } from './bind-server.ts';
import type { OfferedSocket, SocketInheritance } from './socket-inheritance.ts';
import { changeMode } from './unix-socket.ts';

export interface BoundServerOptions extends Omit<BindOptions, 'isClosed'> {
  /** Sockets that listen already. Default: there are none. */
  readonly inheritance?: SocketInheritance | undefined;
}

/** A unix socket that takes over a path is bound at the path and this. */
const BESIDE = '.new';

/** A server at the address that the config gives it. It can leave the address and come back, and its unix socket can get other permissions. */
export class BoundServer {
  /** The server in error messages, as in `listener web` or `admin server`. */
  what: string;
  readonly #server: Server;
  readonly #options: Omit<BoundServerOptions, 'what'>;
  #socketMode: number | undefined;
  #address: Address;
  #closed = false;
  #hasLeft = false;
  /** Whether the path of a unix socket is another one's: that of the process that opened the socket. */
  #isForeignPath = false;
  /** Whether the unix socket was bound beside its path and renamed: libuv knows another path, and does not remove this one. */
  #isRenamed = false;

  constructor(server: Server, options: BoundServerOptions) {
    this.what = options.what;
    this.#server = server;
    this.#options = options;
    this.#socketMode = options.socketMode;
    this.#address = options.address;
  }

  /** The bound address, with the real port where the config says 0; before {@link listen}, the address of the config. */
  get address(): Address {
    return this.#address;
  }

  /**
   * Binds the address of the config, or takes the socket over that listens there already. Resolves with the bound address.
   *
   * @throws BalanceError as {@link bindServer} does
   */
  async listen(): Promise<Address> {
    const { address, inheritance } = this.#options;
    const inherited = inheritance?.claim(address, this.what);
    if (inheritance === undefined || inherited === undefined) this.#address = await this.#bind(this.#options);
    else if (inherited.kind === 'descriptor') {
      this.#address = inherited.bound;
      this.#isForeignPath = true;
      const { fd } = inherited;
      await inheritance.whenHandedOver(() =>
        this.#begin(() => listenOn(this.#server, fd, { ...this.#options, ...this.#ownOptions })),
      );
    } else await this.#bindBeside(address, inheritance);
    return this.#address;
  }

  /** Stops listening, so that another socket can take the address over. Connections stay open. */
  suspend(): void {
    this.#server.close();
    this.#removePath();
  }

  /** Listens again at the same address. Does nothing after {@link close}. */
  async resume(): Promise<void> {
    if (!this.#closed)
      await this.#bind({ ...this.#options, address: this.#address, bindAddresses: undefined });
  }

  /**
   * Stops listening, and never listens again. Connections stay open; `ended` is called when the last one has ended. Without effect after
   * {@link leave}.
   */
  close(ended?: () => void): void {
    this.#closed = true;
    if (this.#hasLeft) return;
    this.#server.close(ended);
    this.#removePath();
  }

  /** What another process needs to take the socket over. */
  offer(): OfferedSocket {
    const { address } = this.#options;
    return {
      what: this.what,
      address: formatAddress(address),
      bound: formatAddress(this.#address),
      fd: this.#ownsPath ? null : descriptorOf(handleOf(this.#server)),
    };
  }

  /**
   * Stops listening, because another process has taken the socket over. A unix socket with a path stays open until this process exits:
   * nobody reaches it any more, and to close it would remove the path, which leads to the other process.
   */
  leave(): void {
    this.#closed = true;
    this.#hasLeft = true;
    if (!this.#ownsPath) this.#server.close();
  }

  /**
   * Gives a unix socket other permissions; undefined: what the process's umask leaves. A failure is logged with `fields`, and the socket
   * keeps the permissions that it has.
   */
  setSocketMode(mode: number | undefined, logger: Logger, fields: LogFields): void {
    const { address } = this.#options;
    if (mode === this.#socketMode || address.kind !== 'unix') return;
    this.#socketMode = mode;
    try {
      if (this.#server.listening) changeMode(address.path, mode);
    } catch (error) {
      logger.error('the permissions of a unix socket can not be changed', {
        ...fields,
        error: messageOf(error),
      });
    }
  }

  /** Whether closing the server would remove the path of its socket. Abstract names have no path. */
  get #ownsPath(): boolean {
    const { address } = this.#options;
    return address.kind === 'unix' && !address.path.startsWith('\0') && !this.#isForeignPath;
  }

  /** The options that change, or that are about this server alone. */
  get #ownOptions(): Pick<BindOptions, 'what' | 'socketMode' | 'isClosed'> {
    return { what: this.what, socketMode: this.#socketMode, isClosed: () => this.#closed };
  }

  #bind(options: Omit<BindOptions, 'what' | 'isClosed'>): Promise<Address> {
    return bindServer(this.#server, { ...options, ...this.#ownOptions });
  }

  async #bindBeside(address: Address, inheritance: SocketInheritance): Promise<void> {
    if (address.kind !== 'unix') throw new Error('only a unix socket has a path');
    const { path } = address;
    if (Buffer.byteLength(path + BESIDE) > MAX_UNIX_PATH_BYTES)
      throw new BalanceError(
        'config_invalid',
        `${this.what} can't take over ${formatAddress(address)}: its path has more than ${String(MAX_UNIX_PATH_BYTES - BESIDE.length)} bytes`,
      );
    await this.#bind({ ...this.#options, address: { kind: 'unix', path: path + BESIDE } });
    await inheritance.whenHandedOver(() =>
      this.#begin(() => {
        renameSync(path + BESIDE, path);
        this.#isRenamed = true;
      }),
    );
  }

  /** Begins to accept, unless the server was closed before that was allowed. */
  #begin(begin: () => Promise<void> | void): Promise<void> | void {
    if (!this.#closed) return begin();
  }

  #removePath(): void {
    const { address } = this.#options;
    if (!this.#isRenamed || address.kind !== 'unix') return;
    this.#isRenamed = false;
    try {
      unlinkSync(address.path);
    } catch {
      // Somebody else has removed it.
    }
  }
}
