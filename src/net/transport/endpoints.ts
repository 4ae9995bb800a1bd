import type { Endpoint } from '../../plugin-api/index.ts';
import { HandleSocket } from './handle-socket.ts';
import type { SocketName } from '../node/node-internals.ts';
import type { StreamSocket } from './stream-socket.ts';

/** Either end of a unix socket. */
export const UNIX_END: Endpoint = Object.freeze({ address: 'unix', port: 0 });

/** The other end of a socket. Asks the system: to be asked while the socket is open. */
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

/** Our end of a connection to a listener that is bound to all addresses of the machine: the system is asked for the one when somebody needs it. */
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

/** A dual-stack socket names IPv4 addresses in their IPv6-mapped form. */
function asEndpoint(name: { address?: string | undefined; port?: number | undefined }): Endpoint {
  const { address } = name;
  if (address === undefined) return UNIX_END;
  if (address.startsWith('::ffff:')) name.address = address.slice(7);
  return name as SocketName & Endpoint;
}
