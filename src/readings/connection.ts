/** An open downstream connection. */
export interface ConnectionReading {
  /** Unique in the process; grows from one connection to the next. */
  readonly id: number;
  /** Number of the worker that serves it; 1 where one thread does all. */
  readonly worker: number;
  /** Name of the listener. */
  readonly listener: string;
  /** Address and port of the client, as a PROXY header names it if there was one; `unix` for a unix socket. */
  readonly client: string;
  /** Address and port of the proxy that named the client in a PROXY header; undefined without a header. */
  readonly proxy: string | undefined;
  readonly protocol: string;
  readonly ageMs: number;
  /** What the connection does now, in a word of its protocol: `idle`, `exchange`, `tunnel`. undefined where the protocol does not tell. */
  readonly state: string | undefined;
  /** Number of exchanges that began on it. */
  readonly exchanges: number | undefined;
  /** The generation that its exchange or tunnel belongs to. */
  readonly generation: number | undefined;
  /** Name of the upstream that it uses; undefined while it uses none. */
  readonly upstream: string | undefined;
  /** The host name that the client asked for by TLS, whether it is decrypted or passed on. */
  readonly sni: string | undefined;
  /** Name of the backend that serves it. */
  readonly backend: string | undefined;
  /** What TLS agreed on; undefined when the connection is not encrypted, and while its handshake is under way. */
  readonly tls: TlsReading | undefined;
}

/** What the two ends of a TLS connection agreed on. */
export interface TlsReading {
  /** `TLSv1.2` or `TLSv1.3`. */
  readonly version: string;
  /** The cipher suite by its IANA name. */
  readonly cipher: string;
  /** The host name that the client asked for. */
  readonly sni: string | undefined;
  /** The protocol that ALPN chose. */
  readonly alpn: string | undefined;
  readonly resumed: boolean;
  /** The certificate that the client showed. */
  readonly client: ClientCertificateReading | undefined;
}

/** The certificate that a client showed. */
export interface ClientCertificateReading {
  /** As in `CN=client,O=Example`. */
  readonly subject: string;
  readonly fingerprint256: string;
  /** Whether an authority that the config trusts has signed it. */
  readonly verified: boolean;
}

/** Which connections are asked for. */
export interface ConnectionsQuery {
  /** Name of a listener; undefined: all listeners. */
  readonly listener: string | undefined;
  /** Only connections with a larger id. */
  readonly after: number;
  /** At most so many connections. */
  readonly limit: number;
}

/** The answer to a {@link ConnectionsQuery}. */
export interface ConnectionsReading {
  /** Number of all open connections, whatever the query. */
  readonly total: number;
  /** Number of open connections by the name of the listener, whatever the query. */
  readonly byListener: Readonly<Record<string, number>>;
  /** Oldest first. */
  readonly connections: readonly ConnectionReading[];
  /** Numbers of the workers that did not answer in time: their connections are missing. */
  readonly unanswered: readonly number[];
}
