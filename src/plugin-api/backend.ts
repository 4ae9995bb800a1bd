/** One server. */
export interface Backend {
  /** Dense and unique while the backend lives: an index for counters. */
  readonly index: number;
  /** The name of the config: the `backend` label of metrics and the `backend` field of logs. */
  readonly name: string;
  /** `host:port`, `[v6]:port` or `unix:/path`. */
  readonly address: string;
}
