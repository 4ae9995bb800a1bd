// Generated from schemas/config.schema.json by `npm run generate`; edits here are lost.

/** Settings of `mode: tcp`. */
export interface TcpOptions {
  readonly timeouts: TcpTimeouts;
}

/** Time limits of a TCP connection. */
export interface TcpTimeouts {
  /**
   * How long a connection may carry no byte in either direction. 0: no limit. In ms.
   * @default "10m"
   */
  readonly idle: number;
}
