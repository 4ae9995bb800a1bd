import { textHandleOf } from './direct-writer.ts';
import type { ResettableSocket, StreamSocket } from './stream-socket.ts';

/** Destroys a socket so that its peer sees a reset, wherever that is possible. */
export function resetSocket(socket: StreamSocket): void {
  if (socket.destroyed) return;
  // While its end is under way a socket can't be reset: the runtime would fail, and never close it.
  const isEnding = socket.writableEnded && socket.writableLength === 0 && !socket.writableFinished;
  // The runtime's own `resetAndDestroy` ends the socket first, so that the peer sees an orderly end and then a reset.
  if (!isEnding && !isUnix(socket)) (socket as ResettableSocket).resetAndClosing = true;
  socket.destroy();
}

/**
 * Whether a socket whose end was just read was reset by its peer. A reset that arrives right behind bytes looks like an end to
 * the runtime; but then there is no peer any more. After our own end an orderly end leaves none either: do not ask there.
 */
export function wasReset(socket: StreamSocket): boolean {
  const handle = textHandleOf(socket);
  return handle?.getpeername !== undefined && handle.getpeername({}) !== 0;
}

/** A unix socket knows no reset, and the runtime throws where one is asked for. */
function isUnix(socket: StreamSocket): boolean {
  return socket.remoteFamily === undefined && socket.localFamily === undefined;
}
