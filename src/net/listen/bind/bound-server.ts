import type { Server } from 'node:net';

import { formatAddress, type Address } from '../../../config/values/address.ts';
import { messageOf } from '../../../errors.ts';
import type { LogFields, Logger } from '../../../plugin-api/index.ts';
import { descriptorOf, handleOf } from '../../node/node-internals.ts';
import { removeSocketFile } from '../../node/socket-file.ts';
import { bindServer, listenOn, type BindOptions } from './bind-server.ts';
import type { OfferedSocket, SocketInheritance } from './socket-inheritance.ts';
import { adoptMode, changeMode } from './unix-socket.ts';

export interface BoundServerOptions extends Omit<BindOptions, 'isClosed'> {
  /** Sockets that listen already. Default: there are none. */
  readonly inheritance?: SocketInheritance | undefined;
}

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
  /** Whether the path of a unix socket goes with it. That of a service manager stays. */
  #ownsPath = false;

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
    else {
      const { fd, bound, ownsPath } = inherited;
      this.#address = bound;
      this.#ownsPath = ownsPath;
      // Begins to accept, unless the server was closed before that was allowed.
      await inheritance.whenHandedOver(async () => {
        if (!this.#closed) await listenOn(this.#server, fd, { ...this.#options, ...this.#ownOptions });
      });
      if (ownsPath && address.kind === 'unix') adoptMode(address.path, this.#socketMode);
    }
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
      fd: descriptorOf(handleOf(this.#server)),
      ownsPath: this.#ownsPath,
    };
  }

  /** Stops listening, because another process has taken the socket over, and the path of a unix socket with it. */
  leave(): void {
    this.#closed = true;
    this.#hasLeft = true;
    this.#server.close();
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

  /** The options that change, or that are about this server alone. */
  get #ownOptions(): Pick<BindOptions, 'what' | 'socketMode' | 'isClosed'> {
    return { what: this.what, socketMode: this.#socketMode, isClosed: () => this.#closed };
  }

  async #bind(options: Omit<BindOptions, 'what' | 'isClosed'>): Promise<Address> {
    const bound = await bindServer(this.#server, { ...options, ...this.#ownOptions });
    this.#ownsPath = true;
    return bound;
  }

  #removePath(): void {
    const { address } = this.#options;
    if (!this.#ownsPath || address.kind !== 'unix') return;
    this.#ownsPath = false;
    removeSocketFile(address.path);
  }
}
