import { handleOf, isTextHandle, markForReset } from '../node/node-internals.ts';
import { StreamedTls } from '../node/tls-internals.ts';
import { markTlsForReset } from '../node/tls-reset.ts';

/** The members of a socket that a transport uses. `net.Socket` and `tls.TLSSocket` have them. */
export interface StreamSocket {
  readonly destroyed: boolean;
  readonly bytesRead: number;
  readonly bytesWritten: number;
  /** Bytes that wait to be sent. */
  readonly writableLength: number;
  /** True after 'end' was emitted. */
  readonly readableEnded?: boolean;
  readonly writableEnded: boolean;
  readonly writableFinished: boolean;
  /** Undefined after the socket was closed, and for unix sockets. */
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
  readonly remoteFamily?: string | undefined;
  readonly localAddress?: string | undefined;
  readonly localPort?: number | undefined;
  readonly localFamily?: string | undefined;
  /** True for a TLS socket. */
  readonly encrypted?: boolean | undefined;
  on(event: 'end' | 'close' | 'drain', listener: () => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  removeAllListeners(): unknown;
  /** `read(0)` begins to read. */
  read(bytes: 0): unknown;
  resume(): unknown;
  pause(): unknown;
  /** False when the writer should wait for 'drain'. */
  write(bytes: Uint8Array | string, encoding?: BufferEncoding, sent?: () => void): boolean;
  end(): unknown;
  destroy(error?: Error): unknown;
  /** Destroys the socket when all waiting bytes are sent. */
  destroySoon(): void;
}

/** Destroys a socket so that its peer sees a reset, when that is possible. */
export function resetSocket(socket: StreamSocket): void {
  if (socket.destroyed) return;
  // A socket that is just being ended can't be reset: Node.js would fail, and never close it.
  const isEnding = socket.writableEnded && socket.writableLength === 0 && !socket.writableFinished;
  // Not `resetAndDestroy` of Node.js, which ends the socket first: the peer would see an orderly end before the reset.
  if (socket instanceof StreamedTls) socket.resetBelow();
  else if (!isEnding && !isUnix(socket)) {
    if (socket.encrypted === true) markTlsForReset(socket);
    else markForReset(socket);
  }
  socket.destroy();
}

/**
 * Whether the peer has reset a socket whose end was just read. Node.js reports a reset that arrives right after bytes as an orderly end,
 * but then the socket has no peer any more. Do not call this after our own end: then the socket has no peer after an orderly end either.
 */
export function wasReset(socket: StreamSocket): boolean {
  const handle = handleOf(socket);
  if (handle === undefined || !isTextHandle(handle)) return false;
  // A TLS handle over a unix socket has the function, which then does nothing.
  return (handle.getpeername?.({}) ?? 0) !== 0;
}

/** Unix sockets can't be reset: Node.js throws for them. */
function isUnix(socket: StreamSocket): boolean {
  return socket.remoteFamily === undefined && socket.localFamily === undefined;
}
