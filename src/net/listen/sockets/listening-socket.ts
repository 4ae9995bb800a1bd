import { createServer, type Server } from 'node:net';

import type { Address } from '../../../config/values/address.ts';
import type { Endpoint, Logger } from '../../../plugin-api/index.ts';
import type { DescriptorSource } from '../../node/descriptors/descriptor-source.ts';
import { keepAliveSeconds, setKeepAlive } from '../../node/keep-alive.ts';
import { listeningHandleOf } from '../../node/node-internals.ts';
import { AcceptBursts } from './accept-bursts.ts';
import { interceptHandles } from './accepted-transport.ts';
import { BoundServer } from '../bind/bound-server.ts';
import type { OfferedSocket, SocketInheritance } from '../bind/socket-inheritance.ts';
import { BACKLOG, localEndAt, portOf } from './listening-place.ts';
import type { Acceptor, ListeningSocketOptions, OpenedSocket } from './socket-opener.ts';

/** A socket that this thread binds, and that it alone accepts from. */
export class ListeningSocket implements OpenedSocket {
  /** Nobody shares it. */
  readonly rests = 0;
  readonly #options: ListeningSocketOptions;
  readonly #acceptor: Acceptor;
  readonly #copies: DescriptorSource | undefined;
  readonly #server: Server;
  readonly #place: BoundServer;
  #keepAliveMs: number;
  #localEnd: Endpoint | undefined;
  #port: number;
  #bursts: AcceptBursts | undefined;

  /**
   * @param copies needed to accept more than one connection in a turn of a busy event loop. Default: one connection a turn
   * @param inheritance sockets that listen already. Default: the address is bound
   */
  constructor(
    options: ListeningSocketOptions,
    acceptor: Acceptor,
    copies?: DescriptorSource,
    inheritance?: SocketInheritance,
  ) {
    this.#options = options;
    this.#acceptor = acceptor;
    this.#copies = copies;
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
      inheritance,
      backlog: BACKLOG,
      listening: () => {
        this.#intercept();
      },
    });
  }

  async listen(name: string): Promise<void> {
    this.#place.what = `listener ${name}`;
    const bound = await this.#place.listen();
    this.#localEnd = localEndAt(bound);
    this.#port = portOf(bound);
  }

  get bound(): Address {
    return this.#place.address;
  }

  get localEnd(): Endpoint | undefined {
    return this.#localEnd;
  }

  get port(): number {
    return this.#port;
  }

  get descriptors(): number {
    return this.#bursts?.descriptors ?? 1;
  }

  setKeepAlive(afterMs: number): void {
    if (afterMs === this.#keepAliveMs) return;
    this.#keepAliveMs = afterMs;
    const listening = listeningHandleOf(this.#server);
    if (listening !== undefined) setKeepAlive(listening, afterMs);
  }

  setSocketMode(mode: number | undefined, logger: Logger, listener: string): void {
    this.#place.setSocketMode(mode, logger, { listener });
  }

  noteAccept(): void {
    this.#bursts?.noteAccept();
  }

  /** Nobody shares the socket, so nothing depends on how many connections are open. */
  noteEnd(): void {}

  yieldDescriptors(): void {
    this.#bursts?.yieldDescriptors();
  }

  suspend(): Promise<void> | undefined {
    const freed = this.#endBursts();
    this.#place.suspend();
    return freed;
  }

  resume(): Promise<void> {
    return this.#place.resume();
  }

  close(isReplaced = false): Promise<void> | undefined {
    const freed = this.#endBursts();
    if (isReplaced) this.#place.leave();
    else this.#place.close();
    return freed;
  }

  offer(): OfferedSocket {
    return this.#place.offer();
  }

  #endBursts(): Promise<void> | undefined {
    const freed = this.#bursts?.close();
    this.#bursts = undefined;
    return freed;
  }

  /** Called as soon as the server listens, in the same event: the first connection may come with the next event. */
  #intercept(): void {
    const { resources } = this.#options;
    const copies = this.#copies;
    const listening = interceptHandles(this.#server, {
      backlog: BACKLOG,
      keepAliveMs: () => this.#keepAliveMs,
      accept: (handle) => {
        this.#acceptor.acceptHandle(handle);
      },
    });
    if (listening !== undefined && copies !== undefined)
      this.#bursts = new AcceptBursts({ listening, backlog: BACKLOG, copies, resources });
  }
}
