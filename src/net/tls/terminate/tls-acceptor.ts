import {
  AcceptedTls,
  canAcceptTls,
  StreamedTls,
  type ServerTls,
  type ServerTlsOptions,
} from '../../node/tls-internals.ts';
import type { OwnedTransport } from '../../transport/owned-transport.ts';
import { SocketTransport } from '../../transport/socket-transport.ts';
import { TransportStream } from '../../transport/transport-stream.ts';

/** A TLS socket whose handshake begins, and the transport over it. */
export interface BegunTls {
  readonly socket: ServerTls;
  readonly transport: OwnedTransport;
}

/** Puts TLS over a connection whose ClientHello was given back to it. Undefined when that is not possible. */
export type TlsAcceptor = (raw: OwnedTransport, options: ServerTlsOptions) => BegunTls | undefined;

/** The fastest way: TLS over the handle of the connection, which needs internals of Node.js. */
export const acceptOverHandle: TlsAcceptor = (raw, options) => {
  let socket: AcceptedTls | undefined;
  const isReplaced = raw.replaceSocket((handle, onread, received) => {
    socket = new AcceptedTls({ ...options, handle, onread });
    socket.receive(received);
    return socket;
  });
  return isReplaced && socket !== undefined ? { socket, transport: raw } : undefined;
};

/** The way by the public API. */
export const acceptOverStream: TlsAcceptor = (raw, options) => {
  if (!(raw instanceof SocketTransport)) return undefined;
  const { buffers, onFault, peer, local, proxy } = raw;
  const below = new TransportStream(raw);
  below.open();
  const socket = new StreamedTls(
    below,
    () => {
      raw.reset();
    },
    options,
  );
  const transport = Object.assign(new SocketTransport(buffers, onFault), { peer, local, proxy });
  transport.attachPlain(socket);
  return { socket, transport };
};

/** The way that this version of Node.js allows. To be called once. */
export function chooseAcceptor(): TlsAcceptor {
  return canAcceptTls() ? acceptOverHandle : acceptOverStream;
}
