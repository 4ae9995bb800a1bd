import type { ByteStream } from './stream.ts';

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
}

/** A certificate that a peer showed. */
export interface PeerCertificate {
  /** Its subject, as in `CN=client,O=Example`. */
  readonly subject: string;
  /** SHA-256 of its DER form, as upper-case hex digits in pairs that colons separate. */
  readonly fingerprint256: string;
  /** True when an authority that the config trusts has signed it. */
  readonly verified: boolean;
}

/**
 * A connection's bytes and what is known of the connection itself: what a protocol is handed for a client, and what a dialer
 * makes to a backend.
 */
export interface Transport extends ByteStream {
  /** The other end. For a client behind another proxy that sends a PROXY header: the address in that header. */
  readonly peer: Endpoint;
  /** Our end. */
  readonly local: Endpoint;
  /** What TLS agreed on; undefined when the bytes travel unencrypted. */
  readonly tls: TlsSession | undefined;
}
