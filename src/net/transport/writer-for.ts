import { StreamedTls } from '../node/tls-internals.ts';
import type { ReadBuffers } from './memory/read-buffers.ts';
import { SocketWriter } from './socket-writer.ts';
import type { StreamSocket } from './stream-socket.ts';
import { TlsWriter } from './tls-writer.ts';
import type { TransportWriter } from './transport-writer.ts';

/** The cheapest way to send by a socket. */
export function writerFor(socket: StreamSocket, buffers: ReadBuffers, drained: () => void): TransportWriter {
  // Below it are streams of Node.js, and no handle of the system.
  const encrypting = socket instanceof StreamedTls ? undefined : buffers.direct.encryptingHandleOf(socket);
  return encrypting === undefined
    ? new SocketWriter(socket, buffers, drained)
    : new TlsWriter(socket, encrypting, buffers, drained);
}
