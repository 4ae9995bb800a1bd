import type { Server } from 'node:net';

import type { Address } from '../../../config/values/address.ts';
import { messageOf } from '../../../errors.ts';
import type { LogFields, Logger } from '../../../plugin-api/index.ts';
import { bindServer, type BindOptions } from './bind-server.ts';
import { changeMode } from './unix-socket.ts';

/** A server at the address that the config gives it. It can leave the address and come back, and its unix socket can get other permissions. */
export class BoundServer {
  /** The server in error messages, as in `listener web` or `admin server`. */
  what: string;
  readonly #server: Server;
  readonly #options: Omit<BindOptions, 'what' | 'isClosed'>;
  #socketMode: number | undefined;
  #address: Address;
  #closed = false;

  constructor(server: Server, options: Omit<BindOptions, 'isClosed'>) {
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
   * Binds the address of the config. Resolves with the bound address.
   *
   * @throws BalanceError as {@link bindServer} does
   */
  async listen(): Promise<Address> {
    this.#address = await this.#bind(this.#options);
    return this.#address;
  }

  /** Stops listening, so that another socket can take the address over. Connections stay open. */
  suspend(): void {
    this.#server.close();
  }

  /** Listens again at the same address. Does nothing after {@link close}. */
  async resume(): Promise<void> {
    if (!this.#closed)
      await this.#bind({ ...this.#options, address: this.#address, bindAddresses: undefined });
  }

  /** Stops listening, and never listens again. Connections stay open; `ended` is called when the last one has ended. */
  close(ended?: () => void): void {
    this.#closed = true;
    this.#server.close(ended);
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

  #bind(options: Omit<BindOptions, 'what' | 'isClosed'>): Promise<Address> {
    return bindServer(this.#server, {
      ...options,
      what: this.what,
      socketMode: this.#socketMode,
      isClosed: () => this.#closed,
    });
  }
}
