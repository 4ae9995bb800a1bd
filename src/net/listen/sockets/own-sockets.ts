import type { DescriptorCopier } from '../../node/descriptors/descriptor-copier.ts';
import type { SocketInheritance } from '../bind/socket-inheritance.ts';
import { ListeningSocket } from './listening-socket.ts';
import type { Acceptor, ListeningSocketOptions, OpenedSocket, SocketOpener } from './socket-opener.ts';

/** Opens sockets that this thread binds, and that it alone accepts from. */
export class OwnSockets implements SocketOpener {
  readonly #copier: DescriptorCopier | undefined;
  readonly #inheritance: SocketInheritance | undefined;

  /**
   * @param copier needed to accept more than one connection in a turn of a busy event loop. Default: one connection a turn
   * @param inheritance sockets that listen already. Default: all addresses are bound
   */
  constructor(copier?: DescriptorCopier, inheritance?: SocketInheritance) {
    this.#copier = copier;
    this.#inheritance = inheritance;
  }

  open(options: ListeningSocketOptions, acceptor: Acceptor): OpenedSocket {
    void this.#copier?.open();
    return new ListeningSocket(options, acceptor, this.#copier, this.#inheritance);
  }

  get hasBursts(): boolean {
    return this.#copier?.isOpen === true;
  }

  async whyNoBursts(): Promise<string> {
    if (this.#copier === undefined) return 'nothing copies descriptors';
    await this.#copier.open();
    return this.#copier.failure;
  }

  close(): void {
    this.#copier?.close();
  }
}
