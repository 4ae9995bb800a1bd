import { handleOf, isTextHandle, markForReset } from '../node/node-internals.ts';

/** What a transport uses of the socket below it. A `net.Socket` is one, and so is a `tls.TLSSocket`. */
export interface StreamSocket {
  readonly destroyed: boolean;
  readonly bytesRead: number;
  readonly bytesWritten: number;
  /** Bytes that wait to be sent. */
  readonly writableLength: number;
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
  /** Destroys the socket after all that waits is sent. */
  destroySoon(): void;
}

/** Destroys a socket so that its peer sees a reset, wherever that is possible. */
export function resetSocket(socket: StreamSocket): void {
  if (socket.destroyed) return;
  // While its end is under way a socket can't be reset: the runtime would fail, and never close it.
  const isEnding = socket.writableEnded && socket.writableLength === 0 && !socket.writableFinished;
  // The runtime's own `resetAndDestroy` ends the socket first, so that the peer sees an orderly end and then a reset.
  if (!isEnding && !isUnix(socket)) markForReset(socket);
  socket.destroy();
}

/**
 * Whether a socket whose end was just read was reset by its peer. The runtime takes a reset that arrives right after bytes for an end,
 * but then there is no peer any more. Not to be asked after our own end: then an orderly end leaves no peer either.
 */
export function wasReset(socket: StreamSocket): boolean {
  const handle = handleOf(socket);
  if (handle === undefined || !isTextHandle(handle)) return false;
  return handle.getpeername !== undefined && handle.getpeername({}) !== 0;
}

/** The runtime throws when a unix socket, which knows no reset, is to be reset. */
function isUnix(socket: StreamSocket): boolean {
  return socket.remoteFamily === undefined && socket.localFamily === undefined;
}
