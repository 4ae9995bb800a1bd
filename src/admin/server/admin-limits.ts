/** Limits that keep clients from overloading an admin server. */
export interface AdminLimits {
  /** Number of connections at a time. For one more, the oldest of the client with the most connections is closed. */
  readonly maxConnections: number;
  /** Number of connections of one client at a time. For one more, its oldest is closed. */
  readonly maxConnectionsPerClient: number;
  /** Number of TLS handshakes at a time. As many connections again may wait for their ClientHello. */
  readonly maxHandshakes: number;
  readonly maxHeadBytes: number;
  /** The longest request body, for endpoints that set no other limit. */
  readonly maxBodyBytes: number;
  /** For a TLS handshake; and from the start of a connection, or from the end of the last answer, to the end of the next request's head. */
  readonly headTimeoutMs: number;
  readonly bodyTimeoutMs: number;
  /** How long an endpoint may take for its answer, unless it sets another limit. */
  readonly handlerTimeoutMs: number;
  /** How long no byte may move while a request or an answer is transferred. */
  readonly silenceTimeoutMs: number;
  /** How long a client may take to read an answer, even if it keeps reading slowly. */
  readonly answerTimeoutMs: number;
  readonly keepAliveTimeoutMs: number;
}

/** The limits of admin and metrics servers. */
export const DEFAULT_LIMITS: AdminLimits = {
  maxConnections: 256,
  maxConnectionsPerClient: 128,
  maxHandshakes: 128,
  maxHeadBytes: 16 * 1024,
  maxBodyBytes: 1024 * 1024,
  headTimeoutMs: 10_000,
  bodyTimeoutMs: 15_000,
  handlerTimeoutMs: 30_000,
  silenceTimeoutMs: 60_000,
  answerTimeoutMs: 10 * 60_000,
  keepAliveTimeoutMs: 20_000,
};
