/** What a reason says, in the words of both sides of the proxy. The subject is named, so that the text stands alone in a log line. */
interface HandshakeReasonWords {
  /** For a handshake with a client, where the proxy is the TLS server. */
  readonly client: string;
  /** For a handshake with a backend, where the proxy is the TLS client. */
  readonly backend: string;
}

/**
 * Why a TLS handshake did not come to an end, by the code that the metrics show as `reason`. The list is closed, so no peer can create
 * series. What OpenSSL reports is translated by `handshakeReasonOf`; the rest is decided by the proxy itself.
 */
export const HANDSHAKE_REASONS = {
  // Refused or given up by the proxy, before or beside the cryptography.
  http_request: {
    client: 'the client sent a plain HTTP request to a TLS port',
    backend: 'the backend answered in plain HTTP: it expects no TLS on this port',
  },
  not_tls: {
    client: 'the client sent bytes that are not TLS',
    backend: 'the backend answered with bytes that are not TLS: it may expect no TLS on this port',
  },
  bad_client_hello: {
    client: 'the ClientHello is malformed',
    backend: 'the backend found the ClientHello malformed',
  },
  unknown_name: {
    client:
      'neither a certificate nor a route is for the name that the client asked for, if it asked for one: see tls.strict_sni and tls.sni',
    backend: 'the backend does not know the name that it was asked for: check tls.server_name',
  },
  too_many_handshakes: {
    client: 'too many handshakes were under way on the listener: see tls.max_handshakes',
    backend: 'too many handshakes were under way',
  },
  address_rate: {
    client:
      "the client's address began too many handshakes within a second: see tls.max_handshakes_per_address",
    backend: 'too many handshakes were begun within a second',
  },
  renegotiation: {
    client: 'the client asked for a renegotiation, which is never done',
    backend: 'the backend asked for a renegotiation, which is never done',
  },
  timeout: {
    client: 'the handshake was not done within tls.handshake_timeout',
    backend: 'the handshake was not done within the time for connecting',
  },
  peer_left: {
    client:
      'the client closed the connection within the handshake; some clients do that when they do not trust the certificate',
    backend: 'the backend closed the connection within the handshake',
  },
  not_needed: {
    client: 'the proxy did not need the connection any more',
    backend: 'nobody needed the connection any more: the client that it was made for has left',
  },
  // Both sides have nothing in common.
  no_shared_version: {
    client:
      'the client speaks no version of TLS that the listener allows: see tls.min_version and max_version',
    backend:
      'the backend speaks no version of TLS that the upstream allows: see tls.min_version and max_version',
  },
  no_shared_cipher: {
    client: 'the client offers no cipher suite that the listener allows for its certificates',
    backend: 'the backend has no cipher suite in common with the upstream: see tls.cipher_suites',
  },
  no_shared_group: {
    client: 'the client offers no curve that the listener allows: see tls.curves',
    backend: 'the backend has no curve in common with the upstream',
  },
  no_shared_signature: {
    client: "the client offers no signature algorithm that fits the listener's certificates",
    backend: "the backend has no signature algorithm in common with the upstream's certificate",
  },
  no_shared_protocol: {
    client: 'the client offers no protocol (ALPN) that the listener speaks: see tls.alpn_protocols',
    backend: 'the backend speaks no protocol (ALPN) that it was offered: see tls.alpn_protocols',
  },
  // The peer refuses what the proxy showed.
  peer_unknown_ca: {
    client:
      "the client does not trust the authority of the listener's certificate, or the chain is not complete",
    backend: "the backend does not trust the authority of the upstream's client certificate",
  },
  peer_rejected_certificate: {
    client:
      "the client does not accept the listener's certificate: it may have expired or be for another name",
    backend: "the backend does not accept the upstream's client certificate",
  },
  peer_wants_certificate: {
    client: 'the client asks for a certificate that the listener does not have',
    backend: 'the backend asks for a client certificate: see tls.client_cert_file',
  },
  peer_denied: {
    client: 'the client refused the connection after it had seen a valid certificate',
    backend: 'the backend refused the connection after it had seen a valid certificate',
  },
  peer_refused: {
    client: 'the client refused the handshake and gave no closer reason',
    backend:
      'the backend refused the handshake and gave no closer reason: versions, cipher suites, the name or a client certificate may not fit',
  },
  // The proxy refuses what the peer showed.
  certificate_missing: {
    client: 'the client showed no certificate, and tls.client_auth requires one',
    backend: 'the backend showed no certificate',
  },
  certificate_unknown_ca: {
    client:
      "no authority of tls.client_ca_file has signed the client's certificate, or its chain is not complete",
    backend:
      "no trusted authority has signed the backend's certificate, or its chain is not complete: see tls.ca_file",
  },
  certificate_expired: {
    client: "the client's certificate, or one of its chain, has expired",
    backend: "the backend's certificate, or one of its chain, has expired",
  },
  certificate_not_yet_valid: {
    client: "the client's certificate is not valid yet; the clocks may differ",
    backend: "the backend's certificate is not valid yet; the clocks may differ",
  },
  certificate_revoked: {
    client: "the client's certificate is revoked",
    backend: "the backend's certificate is revoked",
  },
  certificate_wrong_name: {
    client: "the client's certificate is for another name",
    backend: "the backend's certificate is for other names than the expected one: see tls.server_name",
  },
  certificate_invalid: {
    client:
      "the client's certificate can't be used: it is not one for clients (extended key usage), or its chain breaks a rule",
    backend:
      "the backend's certificate can't be used: it is not one for servers (extended key usage), or its chain breaks a rule",
  },
  crl_unusable: {
    client: 'tls.client_crl_file holds no list that is valid now for the authority of the client',
    backend: "the list of revoked certificates is not valid now for the backend's authority",
  },
  // Anything else.
  protocol_error: {
    client: 'the client broke the rules of TLS',
    backend: 'the backend broke the rules of TLS',
  },
  other: {
    client: 'the handshake failed',
    backend: 'the handshake failed',
  },
} as const satisfies Record<string, HandshakeReasonWords>;

/** A code of {@link HANDSHAKE_REASONS}. */
export type HandshakeReason = keyof typeof HANDSHAKE_REASONS;

/** Tells a code of {@link HANDSHAKE_REASONS} from other texts. */
export function isHandshakeReason(text: string): text is HandshakeReason {
  return Object.hasOwn(HANDSHAKE_REASONS, text);
}

/** The reason in one plain sentence without a full stop; of a code that is not in the table: that of `other`. */
export function handshakeReasonText(reason: string, side: keyof HandshakeReasonWords): string {
  return HANDSHAKE_REASONS[isHandshakeReason(reason) ? reason : 'other'][side];
}
