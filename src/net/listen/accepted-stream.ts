import type { Server, Socket } from 'node:net';

import { setKeepAlive } from '../node/keep-alive.ts';
import { HandleSocket, socketOver } from '../transport/handle-socket.ts';
import {
  detachHandle,
  handleOf,
  isReadableHandle,
  isTcpHandle,
  listeningHandleOf,
  type Handle,
  type ListeningHandle,
} from '../node/node-internals.ts';
import type { ReadBuffers } from '../transport/read-buffers.ts';
import type { FaultHandler } from '../transport/reader-faults.ts';
import { SocketTransport } from '../transport/socket-transport.ts';
import type { StreamSocket } from '../transport/stream-socket.ts';

/*
 * Only the constructor of a socket takes a read buffer, and the server constructs accepted sockets without one. So we
 * construct them: over the handle that the server was given, or over the handle of the socket that it made. Neither has
 * a public name; where the runtime lacks them, the accepted socket is read by 'data' events.
 */

/** A stream with the socket that it reads. */
export interface AcceptedStream {
  readonly stream: SocketTransport;
  readonly socket: StreamSocket;
}

/** There an accepted socket takes the options of the one that listens, which saves a system call for each. */
const INHERITS_OPTIONS = process.platform === 'linux';

export interface InterceptOptions {
  /** How many may wait to be accepted. */
  readonly backlog: number;
  /** As of {@link setKeepAlive}, for whoever is accepted now. */
  readonly keepAliveMs: () => number;
  readonly accept: (handle: Handle) => void;
}

/**
 * Calls `accept` for each connection of a server that just began to listen, in place of its 'connection' event. Returns the
 * handle that listens; undefined when the runtime has no such way.
 */
export function interceptHandles(
  server: Server,
  { backlog, keepAliveMs, accept }: InterceptOptions,
): ListeningHandle | undefined {
  const listening = listeningHandleOf(server);
  if (listening === undefined) return undefined;
  const original = listening.onconnection;
  if (INHERITS_OPTIONS) {
    listening.setNoDelay?.(true);
    setKeepAlive(listening, keepAliveMs());
  }
  // Who waits already did not inherit it.
  let mayLackOptions = INHERITS_OPTIONS ? backlog : Number.POSITIVE_INFINITY;
  listening.onconnection = (error, handle) => {
    if (error || !isReadableHandle(handle)) {
      Reflect.apply(original, listening, [error, handle]);
      return;
    }
    if (mayLackOptions > 0) {
      mayLackOptions -= 1;
      handle.setNoDelay?.(true);
      if (keepAliveMs() > 0) setKeepAlive(handle, keepAliveMs());
    }
    accept(handle);
  };
  return listening;
}

/** The stream over the handle of an accepted connection. */
export function handleStream(handle: Handle, buffers: ReadBuffers, onFault: FaultHandler): AcceptedStream {
  const stream = new SocketTransport(buffers, onFault);
  const { onread } = stream;
  const socket = isTcpHandle(handle) ? new HandleSocket(handle, onread) : socketOver(handle, onread);
  stream.attach(socket);
  return { stream, socket };
}

/** The stream of an accepted socket. Its server must have `pauseOnConnect`, as nothing may be read yet, and `noDelay`. */
export function acceptedStream(
  accepted: Socket,
  buffers: ReadBuffers,
  onFault: FaultHandler,
): AcceptedStream {
  const handle = handleOf(accepted);
  if (isReadableHandle(handle)) {
    detachHandle(accepted);
    return handleStream(handle, buffers, onFault);
  }
  const stream = new SocketTransport(buffers, onFault);
  stream.attachPlain(accepted);
  return { stream, socket: accepted };
}
