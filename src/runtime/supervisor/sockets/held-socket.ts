import { socketKeyOf } from '../../../config/sockets/socket-key.ts';
import type { Listener } from '../../../config/schema/config.generated.ts';
import { formatAddress, parseAddress, type Address } from '../../../config/values/address.ts';
import { messageOf } from '../../../errors.ts';
import { bindUnpolled } from '../../../net/listen/bind/bind-unpolled.ts';
import type { OfferedSocket, SocketInheritance } from '../../../net/listen/bind/socket-inheritance.ts';
import { adoptMode, changeMode } from '../../../net/listen/bind/unix-socket.ts';
import type { BindAddresses } from '../../../net/dns/bind-addresses.ts';
import { adoptDescriptor, type BoundHandle } from '../../../net/node/descriptors/bound-handle.ts';
import type { Logger } from '../../../plugin-api/index.ts';
import type { GrantedSocket } from '../../../net/share/granted-socket.ts';
import { ShareWords } from '../../../net/share/share-words.ts';

/** What all held sockets need. */
export interface HoldingOptions {
  readonly workers: number;
  readonly logger: Logger;
  /** Finds the addresses of a listener's host name. */
  readonly bindAddresses: BindAddresses;
  /** Sockets that listen already. Default: there are none. */
  readonly inheritance?: SocketInheritance | undefined;
}

/** A listening socket that the main thread holds, and from which workers accept. */
export class HeldSocket {
  /** Tells it from the other sockets of the proxy. */
  readonly number: number;
  readonly key: string;
  /** As the config has it. */
  readonly address: Address;
  /** The listener's. */
  name: string;
  readonly #options: HoldingOptions;
  readonly #words: SharedArrayBuffer;
  #mode: number | undefined;
  #held: BoundHandle | undefined;
  #bound: Address | undefined;
  #isLater = false;
  #isClosed = false;

  constructor(number: number, listener: Listener, options: HoldingOptions) {
    this.number = number;
    this.key = socketKeyOf(listener);
    this.address = parseAddress(listener.address);
    this.name = listener.name;
    this.#mode = listener.socket_mode;
    this.#options = options;
    this.#words = ShareWords.allocate(options.workers);
  }

  /** With the real port where the config says 0; before it is bound, the address of the config. */
  get bound(): Address {
    return this.#bound ?? this.address;
  }

  /** What workers get descriptors of; undefined while it is not bound. */
  get handle(): object | undefined {
    return this.#held?.handle;
  }

  /**
   * Binds the address, or takes over the socket that listens there already.
   *
   * @param handedOver called when another process has stopped accepting from a socket that was taken over: workers may begin
   * @throws BalanceError `address_in_use` and the like
   */
  async bind(handedOver: () => Promise<void>): Promise<void> {
    const { inheritance, bindAddresses } = this.#options;
    const { what, address } = this;
    const inherited = inheritance?.claim(address, what);
    if (inheritance === undefined || inherited === undefined)
      this.#take(await bindUnpolled({ address, what, bindAddresses }, this.#mode));
    else {
      const { fd, bound, ownsPath } = inherited;
      this.#take(adoptDescriptor(fd, bound, ownsPath));
      if (ownsPath && address.kind === 'unix') adoptMode(address.path, this.#mode);
      this.#isLater = true;
      await inheritance.whenHandedOver(() => {
        this.#isLater = false;
        return handedOver();
      });
    }
  }

  /** Stops holding the address, so that another socket can take it over. */
  suspend(): void {
    this.#held?.close();
    this.#held = undefined;
  }

  /** Binds the address again that it had. */
  async resume(): Promise<void> {
    if (this.#isClosed || this.#held !== undefined) return;
    this.#take(await bindUnpolled({ address: this.bound, what: this.what }, this.#mode));
  }

  /**
   * Stops holding it for good.
   *
   * @param isReplaced whether another process goes on with it
   */
  close(isReplaced: boolean): void {
    this.#isClosed = true;
    if (isReplaced) this.#held?.closeKeepingPath();
    else this.#held?.close();
    this.#held = undefined;
  }

  /** What another process needs to take it over; undefined while it is not bound. */
  offer(): OfferedSocket | undefined {
    const held = this.#held;
    if (held === undefined) return undefined;
    return {
      what: this.what,
      address: formatAddress(this.address),
      bound: formatAddress(this.bound),
      fd: held.fd,
      ownsPath: held.ownsPath,
    };
  }

  /** What a worker needs to accept from it. */
  grant(): GrantedSocket {
    const { number: socket, key, address, bound } = this;
    return { socket, key, address, bound, isLater: this.#isLater, words: this.#words };
  }

  /** A worker has ended, and its connections with it. */
  forget(worker: number): void {
    new ShareWords(this.#words, worker).forget(worker);
  }

  /** A worker's event loop stands still, or turns again. */
  setHung(worker: number, isHung: boolean): void {
    new ShareWords(this.#words, worker).setHung(worker, isHung);
  }

  /** Takes over what an edit has changed of the listener. A failure is logged. */
  follow({ name, socket_mode: mode }: Listener): void {
    this.name = name;
    if (mode === this.#mode || this.address.kind !== 'unix') return;
    this.#mode = mode;
    try {
      if (this.#held !== undefined) changeMode(this.address.path, mode);
    } catch (error) {
      const fields = { listener: name, error: messageOf(error) };
      this.#options.logger.error('the permissions of a unix socket can not be changed', fields);
    }
  }

  get what(): string {
    return `listener ${this.name}`;
  }

  #take(held: BoundHandle): void {
    if (this.#isClosed) held.close();
    else {
      this.#held = held;
      this.#bound = held.address;
    }
  }
}
