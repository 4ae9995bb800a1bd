import { AddressList } from './address-list.ts';

/** Header fields that a proxy adds when it sends a request for a client. */
const PROXY_FIELDS = ['x-forwarded-for', 'forwarded', 'x-real-ip', 'via', 'cdn-loop'];

/**
 * Decides who may read the metrics (`metrics.allow`), on the admin server, on a metrics server and on a listener alike.
 *
 * The address of the connected peer decides. Header fields can only take the permission away: when they say that a proxy asks for
 * somebody else, every client that they name must be allowed as well, and the proxy must be one that may name clients.
 */
export class MetricsAccess {
  readonly #allowed: AddressList;

  /** @param allow addresses and networks that may read the metrics */
  constructor(allow: readonly string[]) {
    this.#allowed = new AddressList(allow);
  }

  /**
   * @param peer address of the connected peer; `unix` for a unix socket, whose file has permissions of its own
   * @param hasField whether the request has a header field of that name, in lower case
   * @param namedClients returns the clients that a trusted proxy names; default: no proxy is trusted
   */
  mayRead(
    peer: string,
    hasField: (lowerName: string) => boolean,
    namedClients: () => readonly string[] = () => [],
  ): boolean {
    if (peer !== 'unix' && !this.#allowed.has(peer)) return false;
    if (!PROXY_FIELDS.some(hasField)) return true;
    const clients = namedClients();
    // A proxy that names no client may be asking for any client.
    return clients.length > 0 && clients.every((address) => this.#allowed.has(address));
  }
}
