import type { LogSubject } from './logger.ts';

/**
 * One side of a connection as bytes, whatever carries them: a plain socket, a TLS socket, a stream of a shared connection.
 *
 * Bytes are **borrowed**: what {@link StreamReader.data} gets is valid only until it returns, because the next bytes, of any
 * connection, are read into the same memory. To keep bytes, copy them.
 */
export interface ByteStream {
  /** Bytes that were accepted by `write` and not yet by the operating system. */
  readonly writableLength: number;
  /** Written bytes that the operating system has taken since the connection began. Grows in steps, as the system's buffers get free. */
  readonly bytesTaken: number;
  /** True after `end()` or `destroy()` was called or the peer is gone: to write makes no sense any more. */
  readonly writeEnded: boolean;
  readonly destroyed: boolean;

  /**
   * Gives the stream to a reader and starts to read. A second call hands the stream over to another reader, as a request
   * parser does to a tunnel; it takes effect with the next chunk. Bytes that arrived while nobody read, as from a server that
   * speaks first, are delivered first, in a microtask.
   */
  read(reader: StreamReader): void;
  /** Stops reading, so that the peer feels backpressure. */
  pause(): void;
  resume(): void;

  /** Sends text as latin1, the cheapest way for a message head. Returns false under backpressure: wait for {@link StreamReader.drained}. */
  writeText(text: string): boolean;
  /** Sends bytes that the caller gives away: they must not change afterwards. Returns false under backpressure. */
  write(bytes: Uint8Array): boolean;
  /** Sends `bytes[start, end)` of a borrowed chunk; what can't be sent at once is copied. Returns false under backpressure. */
  writeBorrowed(bytes: Buffer, start: number, end: number): boolean;
  /** Ends our direction after all that was written (half-close); the peer may go on sending. */
  end(): void;
  /** Ends both directions once all that was written is sent; what the peer still sends is not read. Only when nothing more of it is expected: bytes that arrive unread make the system reset the connection. */
  close(): void;
  /** Ends both directions now. What was not sent is lost. */
  destroy(error?: Error): void;
  /** Ends both directions with a TCP reset, so that the peer can't take what it got for complete. */
  reset(): void;
}

/** Gets what a {@link ByteStream} reads. Calls never overlap and never come before `read()` returned. */
export interface StreamReader extends LogSubject {
  /**
   * Where this reader would like bytes to be read to, so that it needs no copy, as a parser's own memory. This is a hint: chunks
   * may arrive in other memory.
   */
  readonly buffer?: Buffer | undefined;
  /** `bytes[start, end)` arrived. Borrowed: valid until this returns. */
  data(bytes: Buffer, start: number, end: number): void;
  /** The peer ended its direction; ours is still open. */
  end(): void;
  /** After a write returned false: everything was sent. */
  drained(): void;
  /** Both directions are over. The last call; it comes exactly once. `error` is undefined after an orderly end. */
  closed(error: Error | undefined): void;
}

/** One end of a connection. */
export interface Endpoint {
  /** An IP address without port; an IPv4 address is never written in its IPv6-mapped form. `unix` for a unix socket. */
  readonly address: string;
  /** 0 for a unix socket. */
  readonly port: number;
}

/** What the two ends of a TLS connection agreed on. */
export interface TlsSession {
  /** `TLSv1.2` or `TLSv1.3`. */
  readonly version: string;
  /** The cipher suite by its IANA name. */
  readonly cipher: string;
  /** The protocol that ALPN chose; undefined when none was chosen. Source: RFC 7301. */
  readonly alpn: string | undefined;
  /** The host name that the client asked for; undefined when it named none. Source: RFC 6066, section 3. */
  readonly sni: string | undefined;
  /** The certificate that the peer showed; undefined when it showed none. */
  readonly certificate: PeerCertificate | undefined;
  /** True when the session of an earlier connection was resumed. */
  readonly resumed: boolean;
  /** How long the handshake took, from the accepted socket on or from the end of a PROXY header, in ms; absent where it is not known. */
  readonly handshakeMs?: number;
  /**
   * True once a backend has ended its direction without the alert close_notify. Anyone on the way can make such an end, so data whose end
   * is the end of the connection may not be complete. Only connections to backends know it. Default: false.
   * Source: RFC 8446, section 6.1.
   */
  readonly isCut?: boolean;
  /**
   * Whether a request for this host may be served on this connection: true when the certificate policy of the host (who must show a
   * certificate, and which authorities sign it) is the one that the handshake was done with. A host that no certificate is for has the
   * policy of the listener's default certificate. False for a host whose connections are passed through undecrypted, too.
   * Source: RFC 9110, section 7.4.
   *
   * @param host in lower case, without port and without a dot at its end; an IPv6 address in its brackets
   */
  allowsHost(host: string): boolean;
}

/**
 * A certificate that a peer showed. Each member may be made when it is read for the first time, so read only what you need. All of them
 * stay readable after the connection has ended.
 */
export interface PeerCertificate {
  /** Its subject, as in `CN=client,O=Example` (RFC 4514). The peer may have chosen any text; control characters in it are escaped. */
  readonly subject: string;
  /** The name of the authority that signed it, in the same form. */
  readonly issuer: string;
  /** Its serial number as upper-case hex digits. */
  readonly serialNumber: string;
  /** From when on it is valid, in ms since 1970. */
  readonly notBeforeMs: number;
  /** Until when it is valid, in ms since 1970. */
  readonly notAfterMs: number;
  /** SHA-256 of its DER form, as upper-case hex digits in pairs that colons separate. */
  readonly fingerprint256: string;
  /** True when an authority that the config trusts has signed it. */
  readonly verified: boolean;
  /** The certificate itself in its DER form. */
  readonly raw: Uint8Array;
}

/**
 * What a PROXY header said about the connection that another proxy relays. Texts come from that proxy; it is one that the listener's
 * config trusts. Source: HAProxy's proxy-protocol.txt, versions 1 and 2.
 */
export interface ProxyHeader {
  readonly version: 1 | 2;
  /** The address of the proxy that sent the header: the other end of the socket. {@link Transport.peer} is the client behind it. */
  readonly sender: Endpoint;
  /** The host name that the client asked for, mostly by SNI; undefined when the header has none. */
  readonly authority: string | undefined;
  /** The protocol that the client and the other proxy agreed on by ALPN, such as `h2`; undefined when the header has none. */
  readonly alpn: string | undefined;
  /** The connection's id at the other proxy, at most 128 bytes; undefined when the header has none. */
  readonly uniqueId: Buffer | undefined;
  /** The network namespace of the connection at the other proxy; undefined when the header has none. */
  readonly namespace: string | undefined;
  /** The TLS connection between the client and the other proxy; undefined when the header does not mention one. */
  readonly ssl: ProxyHeaderSsl | undefined;
  /** All type-length-value records of version 2 as they came, those above included, except padding. Empty for version 1. */
  readonly tlvs: readonly ProxyTlv[];
}

/** The TLS connection between a client and the proxy in front of this one, as a PROXY header tells it. */
export interface ProxyHeaderSsl {
  /** True when the client spoke TLS. */
  readonly isTls: boolean;
  /** True when the client showed a certificate, on this connection or when its session began. */
  readonly hasCertificate: boolean;
  /** True when the other proxy verified the client's certificate. */
  readonly verified: boolean;
  /** As in `TLSv1.3`; undefined when the header has none. */
  readonly version: string | undefined;
  /** The cipher suite by the name that the other proxy uses; undefined when the header has none. */
  readonly cipher: string | undefined;
  /** The common name of the client's certificate; undefined when the header has none. */
  readonly commonName: string | undefined;
}

/** One record of a PROXY header of version 2. */
export interface ProxyTlv {
  readonly type: number;
  readonly value: Buffer;
}

/** What the listener decided about a connection by the host name in its ClientHello: it is passed on undecrypted. */
export interface ConnectionRoute {
  /** Name of the upstream; undefined: the listener's own. */
  readonly upstream: string | undefined;
  /** The host name that the client asked for, in lower case; undefined when it named none. Source: RFC 6066, section 3. */
  readonly sni: string | undefined;
}

/**
 * A connection as protocols see it: its bytes, the addresses of both ends, and its TLS session. A listener makes one for each client, and
 * a dialer one for each connection to a backend.
 */
export interface Transport extends ByteStream {
  /** The other end. For a client behind another proxy that sends a PROXY header: the address in that header. */
  readonly peer: Endpoint;
  /** Our end. */
  readonly local: Endpoint;
  /** What TLS agreed on; undefined when the bytes travel unencrypted. */
  readonly tls: TlsSession | undefined;
  /** The PROXY header that the connection began with; undefined when there was none, or when it named no client (`LOCAL`). */
  readonly proxy: ProxyHeader | undefined;
  /**
   * Set when the listener passes the connection on undecrypted, by `tls.sni`. Its bytes are TLS, beginning with the ClientHello, and they
   * belong to the upstream that the route names. Only the protocol `tcp` gets such connections: those of listeners in other modes
   * are given to an instance of it.
   */
  readonly route: ConnectionRoute | undefined;
}
