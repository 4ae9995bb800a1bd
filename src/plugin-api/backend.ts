/** One server that requests and connections are forwarded to. */
export interface Backend {
  /** Unique while the backend exists, and small: meant as an index into arrays of counters. Free indexes are used again. */
  readonly index: number;
  /** The name of the config: the `backend` label of metrics and the `backend` field of logs. */
  readonly name: string;
  /** `host:port`, `[v6]:port` or `unix:/path`. */
  readonly address: string;
}
