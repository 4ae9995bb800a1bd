import { formatAddress, type Address } from '../../config/values/address.ts';
import { socketKeyOf } from '../../config/sockets/socket-key.ts';
import type { Wakes } from '../../shared/wakes.ts';
import type {
  Acceptor,
  ListeningSocketOptions,
  OpenedSocket,
  SocketOpener,
} from '../listen/sockets/socket-opener.ts';
import type { ListeningHandle } from '../node/node-internals.ts';
import type { GrantedSocket } from './granted-socket.ts';
import { SharedSocket } from './shared-socket.ts';

export interface SharedSocketsOptions {
  /** This worker, from 0. */
  readonly worker: number;
  /** Asks the main thread for descriptors of a socket. They come by {@link SharedSockets.taken}. */
  readonly need: (socket: number, count: number) => void;
  readonly wakes: Wakes;
}

/** Gets a descriptor; undefined when there is none. */
type Taker = (handle: ListeningHandle | undefined) => void;

/** Opens the sockets of a worker's listeners: each is bound in the main thread, and other workers accept from it too. */
export class SharedSockets implements SocketOpener {
  readonly hasBursts = true;
  readonly #options: SharedSocketsOptions;
  /** What may be opened now, by key. */
  #granted: ReadonlyMap<string, GrantedSocket> = new Map();
  /** Who waits for descriptors, by the number of the socket, in the order in which they asked. */
  readonly #takers = new Map<number, Taker[]>();

  constructor(options: SharedSocketsOptions) {
    this.#options = options;
  }

  /** The listeners that begin to listen now find these sockets, and no others. */
  grant(sockets: readonly GrantedSocket[]): void {
    this.#granted = new Map(sockets.map((socket) => [socket.key, socket]));
  }

  /** A descriptor of a socket came from the main thread; undefined: it has none to give. */
  taken(socket: number, handle: ListeningHandle | undefined): void {
    const takers = this.#takers.get(socket);
    const take = takers?.shift();
    if (takers?.length === 0) this.#takers.delete(socket);
    if (take === undefined) handle?.close();
    else take(handle);
  }

  open(options: ListeningSocketOptions, acceptor: Acceptor): OpenedSocket {
    const { worker, wakes } = this.#options;
    return new SharedSocket(options, acceptor, {
      worker,
      wakes,
      find: (name, address) => this.#find(name, address),
      ask: (socket, take) => {
        this.#ask(socket, take);
      },
    });
  }

  whyNoBursts(): Promise<string> {
    return Promise.resolve('');
  }

  /** Descriptors that are on their way still come, and are closed. */
  close(): void {
    this.#granted = new Map();
  }

  #find(name: string, address: Address): GrantedSocket | undefined {
    return this.#granted.get(socketKeyOf({ name, address: formatAddress(address) }));
  }

  #ask(socket: number, take: Taker): void {
    const takers = this.#takers.get(socket);
    if (takers === undefined) this.#takers.set(socket, [take]);
    else takers.push(take);
    this.#options.need(socket, 1);
  }
}
