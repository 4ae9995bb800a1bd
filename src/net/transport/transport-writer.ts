/**
 * The sending side of a transport. Each method that writes returns false when the caller should wait for `drained`. Everything is sent in the
 * order in which it was given.
 */
export interface TransportWriter {
  /** Bytes that wait to be sent. */
  readonly length: number;
  /** Bytes that wait here, so that the socket does not count them yet. */
  readonly held: number;
  /** Bytes that the system has taken, those of an unfinished write included. Over TLS these are encrypted ones. */
  readonly taken: number;
  writeText(text: string): boolean;
  /** The bytes must not change afterwards. */
  write(bytes: Uint8Array): boolean;
  /** The bytes may change as soon as this returns. */
  writeBorrowed(bytes: Buffer, start: number, end: number): boolean;
  /** Gives what waits here to the socket now. Without effect when the socket was destroyed. */
  flush(): void;
  /** Ends our direction after everything that was written. */
  end(): void;
  /** Ends both directions after everything that was written. */
  close(): void;
}
