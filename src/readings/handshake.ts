/**
 * How a TLS handshake ended. `ok`: both sides agreed. `failed`: one of them refused what the other one showed or offered. `timeout`: it was
 * not done in time. `refused`: the proxy refused it before any cryptography (limits, an unknown name, bytes that are not TLS). `aborted`: the
 * peer left within it, or the proxy did not need the connection any more.
 */
export type HandshakeStatus = 'ok' | 'failed' | 'timeout' | 'refused' | 'aborted';

/** The event of a TLS handshake that is over. A connection that closes before its first byte is none, and neither is one that is passed through. */
export interface HandshakeRecord {
  /** Who is at the other end: a client of a listener, a backend, a backend that is checked, or a client of the admin or metrics server. */
  readonly side: 'client' | 'backend' | 'check' | 'admin';
  /**
   * Name of the listener; on the side of the backend that of the upstream; of a health check, which upstreams may share, that of the backend;
   * for the servers of operators `admin server` or `metrics server`.
   */
  readonly owner: string;
  readonly status: HandshakeStatus;
  /** From the accepted or connected socket, after a PROXY header, to the end of the handshake. */
  readonly durationMs: number;
  /** The other end with its port, as in `192.0.2.7:5123`. */
  readonly address: string;
  /** `TLSv1.2` or `TLSv1.3`; only of status `ok`. */
  readonly version?: string | undefined;
  /** The cipher suite by its IANA name; only of status `ok`. */
  readonly cipher?: string | undefined;
  /** Whether the session of an earlier connection was resumed; only of status `ok`. */
  readonly resumed?: boolean | undefined;
  /** The host name that the client asked for, or that the proxy asked the backend for. */
  readonly sni?: string | undefined;
  /** Name of the backend, where it is known. */
  readonly backend?: string | undefined;
  /** Why it is not `ok`: a code of `HANDSHAKE_REASONS` in src/errors. */
  readonly reason?: string | undefined;
  /** What the client offered where both sides have nothing in common: versions, as in `TLSv1.1, TLSv1`, or protocols of ALPN, as it wrote them. */
  readonly offered?: string | undefined;
  /** What OpenSSL said, for the log. It can be long. */
  readonly detail?: string | undefined;
}

/** How a handshake ended, whoever it was made for. */
export type HandshakeOutcome = Omit<HandshakeRecord, 'side' | 'owner'>;

/** Hears of each handshake that is over. It is called in the middle of the work, so it must neither wait nor throw. */
export interface HandshakeObserver {
  handshake(record: HandshakeRecord): void;
}
