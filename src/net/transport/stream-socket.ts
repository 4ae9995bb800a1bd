/** What a stream uses of the socket below it. A `net.Socket` is one. */
export interface StreamSocket {
  readonly destroyed: boolean;
  readonly bytesRead: number;
  readonly bytesWritten: number;
  /** Bytes that wait to be sent. */
  readonly writableLength: number;
  readonly writableEnded: boolean;
  readonly writableFinished: boolean;
  /** Undefined once it is closed, and for unix sockets. */
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
  readonly remoteFamily?: string | undefined;
  readonly localAddress?: string | undefined;
  readonly localFamily?: string | undefined;
  on(event: 'end' | 'close' | 'drain', listener: () => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  /** `read(0)` begins to read. */
  read(bytes: 0): unknown;
  resume(): unknown;
  pause(): unknown;
  /** False when the writer should wait for 'drain'. */
  write(bytes: Uint8Array | string, encoding?: BufferEncoding, sent?: () => void): boolean;
  end(): unknown;
  destroy(error?: Error): unknown;
  /** Destroys it once all that waits is sent. */
  destroySoon(): void;
}

/** A flag without a public name: whoever sets it has the connection reset when the socket is destroyed. */
export interface ResettableSocket extends StreamSocket {
  resetAndClosing: boolean;
}
