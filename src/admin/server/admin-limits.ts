/** What one client may take from an admin server. */
export interface AdminLimits {
  /** Connections at a time. For one more, the oldest of the client that has the most of them is closed. */
  readonly maxConnections: number;
  /** Connections of one client at a time. For one more, its oldest is closed. */
  readonly maxConnectionsPerClient: number;
  readonly maxHeadBytes: number;
  /** For endpoints that say nothing else. */
  readonly maxBodyBytes: number;
  /** From a new connection, or the turn of the next request, to the end of the head, however it trickles in. */
  readonly headTimeoutMs: number;
  readonly bodyTimeoutMs: number;
  /** For endpoints that say nothing else. */
  readonly handlerTimeoutMs: number;
  /** How long nothing may move while a request or an answer is under way. */
  readonly silenceTimeoutMs: number;
  /** How long reading an answer may take, however slowly it goes on. */
  readonly answerTimeoutMs: number;
  readonly keepAliveTimeoutMs: number;
}

export const DEFAULT_LIMITS: AdminLimits = {
  maxConnections: 256,
  maxConnectionsPerClient: 128,
  maxHeadBytes: 16 * 1024,
  maxBodyBytes: 1024 * 1024,
  headTimeoutMs: 10_000,
  bodyTimeoutMs: 15_000,
  handlerTimeoutMs: 30_000,
  silenceTimeoutMs: 60_000,
  answerTimeoutMs: 10 * 60_000,
  keepAliveTimeoutMs: 20_000,
};
