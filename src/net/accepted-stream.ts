import { Socket, type Server } from 'node:net';

import type { ReadBuffers } from './read-buffers.ts';
import { SocketStream, type FaultHandler } from './socket-stream.ts';
import { HIGH_WATER_MARK_BYTES } from './socket-writer.ts';

/*
 * Only the constructor of a socket takes a read buffer, and the server constructs accepted sockets without one. So we
 * construct them: over the handle that the server was given, or over the handle of the socket that it made. Neither has
 * a public name; where the runtime lacks them, the accepted socket is read by 'data' events.
 */

/** An operating system's socket as the runtime wraps it. */
export interface Handle {
  setNoDelay?(on: boolean): number;
}

/** The parts of `net` that have no public name. */
interface WithHandle {
  _handle: unknown;
}

/** A stream with the socket that it reads. */
export interface AcceptedStream {
  readonly stream: SocketStream;
  readonly socket: Socket;
}

/** Calls `accept` for each connection of a listening server, in place of its 'connection' event. False when the runtime has no such way. */
export function interceptHandles(server: Server, accept: (handle: Handle) => void): boolean {
  const listening = (server as unknown as Partial<WithHandle>)._handle;
  if (typeof listening !== 'object' || listening === null || !('onconnection' in listening)) return false;
  const original = listening.onconnection;
  if (typeof original !== 'function') return false;
  listening.onconnection = (error: number | undefined, handle: unknown): void => {
    // Without an error the runtime says 0 or, in some versions, nothing.
    if (!error && isReadable(handle)) accept(handle);
    else Reflect.apply(original, listening, [error, handle]);
  };
  return true;
}

/** The stream over a handle that was just accepted. */
export function handleStream(handle: Handle, buffers: ReadBuffers, onFault: FaultHandler): AcceptedStream {
  handle.setNoDelay?.(true);
  const stream = new SocketStream(buffers, onFault);
  const options = {
    handle,
    allowHalfOpen: true,
    manualStart: true,
    writableHighWaterMark: HIGH_WATER_MARK_BYTES,
    onread: stream.onread,
  };
  const socket = new Socket(options);
  stream.attach(socket);
  return { stream, socket };
}

/** The stream of an accepted socket. `pauseOnConnect` must be set: nothing was read yet. */
export function acceptedStream(
  accepted: Socket,
  buffers: ReadBuffers,
  onFault: FaultHandler,
): AcceptedStream {
  const handle = (accepted as unknown as Partial<WithHandle>)._handle;
  if (isReadable(handle)) {
    (accepted as unknown as WithHandle)._handle = null;
    accepted.destroy();
    return handleStream(handle, buffers, onFault);
  }
  const stream = new SocketStream(buffers, onFault);
  stream.attachPlain(accepted);
  return { stream, socket: accepted };
}

function isReadable(handle: unknown): handle is Handle {
  return typeof handle === 'object' && handle !== null && 'useUserBuffer' in handle && 'readStart' in handle;
}
