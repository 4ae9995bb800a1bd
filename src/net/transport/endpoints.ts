import type { Endpoint } from '../../plugin-api/index.ts';
import { HandleSocket } from './handle-socket.ts';
import type { SocketName } from '../node/node-internals.ts';
import type { StreamSocket } from './stream-socket.ts';

/** Either end of a unix socket. */
export const UNIX_END: Endpoint = Object.freeze({ address: 'unix', port: 0 });

/** The other end of a socket. Must be called while the socket is open, as it asks the system. */
export function peerOf(socket: StreamSocket): Endpoint {
  return socket instanceof HandleSocket
    ? asEndpoint(socket.remoteName())
    : asEndpoint({ address: socket.remoteAddress, port: socket.remotePort });
}

/** Our end of a socket, as {@link peerOf}. */
export function localEndOf(socket: StreamSocket): Endpoint {
  return socket instanceof HandleSocket
    ? asEndpoint(socket.localName())
    : asEndpoint({ address: socket.localAddress, port: socket.localPort });
}

/** Our end of a connection to a listener that is bound to all addresses of the machine. Asks the system for the address when it is first needed. */
export class LocalEnd implements Endpoint {
  readonly port: number;
  readonly #socket: StreamSocket;

  constructor(port: number, socket: StreamSocket) {
    this.port = port;
    this.#socket = socket;
  }

  get address(): string {
    return localEndOf(this.#socket).address;
  }
}

/** An end as `address:port`, with an IPv6 address in brackets; `unix` for a unix socket. */
export function endpointText({ address, port }: Endpoint): string {
  if (address === UNIX_END.address) return address;
  return `${address.includes(':') ? `[${address}]` : address}:${String(port)}`;
}

/** Makes an endpoint of a name. A dual-stack socket gives IPv4 addresses in IPv6-mapped form: that prefix is removed. */
function asEndpoint(name: { address?: string | undefined; port?: number | undefined }): Endpoint {
  const { address } = name;
  if (address === undefined) return UNIX_END;
  if (address.startsWith('::ffff:')) name.address = address.slice(7);
  return name as SocketName & Endpoint;
}
