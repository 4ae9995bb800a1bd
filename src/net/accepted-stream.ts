import { Socket } from 'node:net';

import type { ReadBuffers } from './read-buffers.ts';
import { HIGH_WATER_MARK_BYTES, SocketStream, type FaultHandler } from './socket-stream.ts';

/** The parts of a `net.Socket` that have no public name. */
interface WithHandle {
  _handle: unknown;
}

/**
 * Makes the stream of an accepted socket.
 *
 * Only the constructor of a socket takes a read buffer, and the server constructs accepted sockets without
 * one; so the handle moves to a second socket (`pauseOnConnect` must be set: nothing was read yet). Where the
 * runtime offers no such handle, the accepted socket is read by 'data' events.
 */
export function acceptedStream(accepted: Socket, buffers: ReadBuffers, onFault: FaultHandler): SocketStream {
  const stream = new SocketStream(buffers, onFault);
  const handle = handleOf(accepted);
  if (handle === undefined) {
    stream.attachPlain(accepted);
    return stream;
  }
  (accepted as unknown as WithHandle)._handle = null;
  accepted.destroy();
  const options = {
    handle,
    allowHalfOpen: true,
    manualStart: true,
    writableHighWaterMark: HIGH_WATER_MARK_BYTES,
    onread: stream.onread,
  };
  stream.attach(new Socket(options));
  return stream;
}

function handleOf(socket: Socket): object | undefined {
  const handle = (socket as unknown as Partial<WithHandle>)._handle;
  if (typeof handle !== 'object' || handle === null) return undefined;
  return 'useUserBuffer' in handle && 'readStart' in handle ? handle : undefined;
}
