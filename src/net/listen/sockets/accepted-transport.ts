import type { Server, Socket } from 'node:net';

import type { FaultHandler } from '../../faults/plugin-fault.ts';
import { setKeepAlive } from '../../node/keep-alive.ts';
import {
  detachHandle,
  handleOf,
  interceptConnections,
  isReadableHandle,
  isTcpHandle,
  listeningHandleOf,
  type Handle,
  type ListeningHandle,
} from '../../node/node-internals.ts';
import { HandleSocket, socketOver } from '../../transport/handle-socket.ts';
import type { ReadBuffers } from '../../transport/memory/read-buffers.ts';
import { SocketTransport } from '../../transport/socket-transport.ts';

/*
 * A socket takes its read buffer in its constructor only, and a Node.js server constructs accepted sockets without one. So the proxy
 * makes the socket itself: over the handle that the server accepted, or over the handle of the socket that the server made. Both
 * handles are internals of Node.js. Without them, the accepted socket is read by 'data' events.
 */

/** On Linux an accepted socket inherits the options of the listening socket, which saves a system call for each option. */
const INHERITS_OPTIONS = process.platform === 'linux';

export interface InterceptOptions {
  /** How many connections may wait to be accepted. */
  readonly backlog: number;
  /** As of {@link setKeepAlive}, for connections that are accepted now. */
  readonly keepAliveMs: () => number;
  readonly accept: (handle: Handle) => void;
}

/** Gets the error of a handle that listens, or a connection that can't be read into our memory. */
type Otherwise = (error: number | undefined, handle: unknown) => void;

/**
 * Calls `accept` for each connection of a server that just began to listen, instead of its 'connection' event. Returns the
 * handle that listens; undefined when this version of Node.js does not allow that.
 */
export function interceptHandles(server: Server, options: InterceptOptions): ListeningHandle | undefined {
  const listening = listeningHandleOf(server);
  if (listening === undefined) return undefined;
  const original = interceptConnections(
    listening,
    acceptCallback(listening, options, (error, handle) => {
      original(error, handle);
    }),
  );
  return listening;
}

/**
 * What to call for each connection of a handle that listens, or will. Sets the options that connections inherit from it.
 *
 * @param otherwise gets what `accept` can't
 */
export function acceptCallback(
  listening: ListeningHandle,
  { backlog, keepAliveMs, accept }: InterceptOptions,
  otherwise: Otherwise,
): ListeningHandle['onconnection'] {
  if (INHERITS_OPTIONS) {
    listening.setNoDelay?.(true);
    setKeepAlive(listening, keepAliveMs());
  }
  // Connections that came before the options were set did not inherit them.
  let mayLackOptions = INHERITS_OPTIONS ? backlog : Number.POSITIVE_INFINITY;
  return (error, handle) => {
    if (error || !isReadableHandle(handle)) {
      otherwise(error, handle);
      return;
    }
    if (mayLackOptions > 0) {
      mayLackOptions -= 1;
      handle.setNoDelay?.(true);
      if (keepAliveMs() > 0) setKeepAlive(handle, keepAliveMs());
    }
    accept(handle);
  };
}

/** The transport over the handle of an accepted connection. */
export function transportOverHandle(
  handle: Handle,
  buffers: ReadBuffers,
  onFault: FaultHandler,
): SocketTransport {
  const transport = new SocketTransport(buffers, onFault);
  const { onread } = transport;
  transport.attach(isTcpHandle(handle) ? new HandleSocket(handle, onread) : socketOver(handle, onread));
  return transport;
}

/** The transport of an accepted socket. The server must set `pauseOnConnect`, because nothing may be read yet, and `noDelay`. */
export function transportOverSocket(
  accepted: Socket,
  buffers: ReadBuffers,
  onFault: FaultHandler,
): SocketTransport {
  const handle = handleOf(accepted);
  if (isReadableHandle(handle)) {
    detachHandle(accepted);
    return transportOverHandle(handle, buffers, onFault);
  }
  const transport = new SocketTransport(buffers, onFault);
  transport.attachPlain(accepted);
  return transport;
}
