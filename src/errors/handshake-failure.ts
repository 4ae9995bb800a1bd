import type { HandshakeReason } from './handshake-reasons.ts';
import { systemCodeOf } from './system-errors.ts';

/**
 * What an alert of the peer means. Source: RFC 8446, section 6.2, and the registry of TLS alerts,
 * https://www.iana.org/assignments/tls-parameters. All others are `peer_refused`.
 */
const ALERTS: Readonly<Record<number, HandshakeReason>> = {
  0: 'peer_left', // close_notify
  10: 'protocol_error', // unexpected_message
  20: 'protocol_error', // bad_record_mac
  22: 'protocol_error', // record_overflow
  42: 'peer_rejected_certificate', // bad_certificate
  43: 'peer_rejected_certificate', // unsupported_certificate
  44: 'peer_rejected_certificate', // certificate_revoked
  45: 'peer_rejected_certificate', // certificate_expired
  46: 'peer_rejected_certificate', // certificate_unknown
  47: 'protocol_error', // illegal_parameter
  48: 'peer_unknown_ca',
  49: 'peer_denied', // access_denied
  50: 'protocol_error', // decode_error
  51: 'protocol_error', // decrypt_error
  70: 'no_shared_version', // protocol_version
  90: 'peer_left', // user_canceled
  109: 'protocol_error', // missing_extension
  110: 'protocol_error', // unsupported_extension
  112: 'unknown_name', // unrecognized_name
  116: 'peer_wants_certificate', // certificate_required
  120: 'no_shared_protocol', // no_application_protocol
};

/** What the codes of Node.js mean: `ERR_SSL_…` is OpenSSL's own reason, the others are results of the check of a certificate. */
const CODES: Readonly<Record<string, HandshakeReason>> = {
  ECONNRESET: 'peer_left',
  EPIPE: 'peer_left',
  ECONNABORTED: 'peer_left',
  ETIMEDOUT: 'timeout',
  ERR_SSL_HTTP_REQUEST: 'http_request',
  ERR_SSL_HTTPS_PROXY_REQUEST: 'http_request',
  ERR_SSL_WRONG_VERSION_NUMBER: 'not_tls',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'not_tls',
  ERR_SSL_UNKNOWN_PROTOCOL: 'not_tls',
  ERR_SSL_UNSUPPORTED_PROTOCOL: 'no_shared_version',
  ERR_SSL_VERSION_TOO_LOW: 'no_shared_version',
  ERR_SSL_NO_PROTOCOLS_AVAILABLE: 'no_shared_version',
  ERR_SSL_INAPPROPRIATE_FALLBACK: 'no_shared_version',
  ERR_SSL_NO_SHARED_CIPHER: 'no_shared_cipher',
  ERR_SSL_WRONG_CIPHER_RETURNED: 'no_shared_cipher',
  ERR_SSL_NO_CIPHERS_AVAILABLE: 'no_shared_cipher',
  ERR_SSL_NO_SUITABLE_KEY_SHARE: 'no_shared_group',
  ERR_SSL_NO_SUITABLE_GROUPS: 'no_shared_group',
  ERR_SSL_NO_SHARED_GROUPS: 'no_shared_group',
  ERR_SSL_NO_SUITABLE_SIGNATURE_ALGORITHM: 'no_shared_signature',
  ERR_SSL_NO_SHARED_SIGNATURE_ALGORITHMS: 'no_shared_signature',
  ERR_SSL_WRONG_SIGNATURE_TYPE: 'no_shared_signature',
  ERR_SSL_NO_APPLICATION_PROTOCOL: 'no_shared_protocol',
  ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE: 'certificate_missing',
  ERR_SSL_NO_RENEGOTIATION: 'renegotiation',
  ERR_TLS_SESSION_ATTACK: 'renegotiation',
  ERR_TLS_HANDSHAKE_TIMEOUT: 'timeout',
  ERR_TLS_CERT_ALTNAME_INVALID: 'certificate_wrong_name',
  HOSTNAME_MISMATCH: 'certificate_wrong_name',
  UNABLE_TO_GET_ISSUER_CERT: 'certificate_unknown_ca',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'certificate_unknown_ca',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'certificate_unknown_ca',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'certificate_unknown_ca',
  SELF_SIGNED_CERT_IN_CHAIN: 'certificate_unknown_ca',
  CERT_UNTRUSTED: 'certificate_unknown_ca',
  CERT_HAS_EXPIRED: 'certificate_expired',
  CERT_NOT_YET_VALID: 'certificate_not_yet_valid',
  CERT_REVOKED: 'certificate_revoked',
  UNABLE_TO_GET_CRL: 'crl_unusable',
  CRL_HAS_EXPIRED: 'crl_unusable',
  CRL_NOT_YET_VALID: 'crl_unusable',
  CRL_SIGNATURE_FAILURE: 'crl_unusable',
  ERROR_IN_CRL_LAST_UPDATE_FIELD: 'crl_unusable',
  ERROR_IN_CRL_NEXT_UPDATE_FIELD: 'crl_unusable',
  CERT_REJECTED: 'certificate_invalid',
  CERT_CHAIN_TOO_LONG: 'certificate_invalid',
  CERT_SIGNATURE_FAILURE: 'certificate_invalid',
  INVALID_CA: 'certificate_invalid',
  INVALID_PURPOSE: 'certificate_invalid',
  PATH_LENGTH_EXCEEDED: 'certificate_invalid',
  ERR_SSL_CERTIFICATE_VERIFY_FAILED: 'certificate_invalid',
};

/** In the text of an error of OpenSSL: `error:` and eight digits, of which the last 23 bits are the reason. */
const OPENSSL_ERROR = /\berror:([0-9A-Fa-f]{8}):/;
const REASON_BITS = 0x7f_ff_ff;
/** OpenSSL's reason for an alert of the peer is the alert's number and this. The names differ between versions of OpenSSL. */
const ALERT_BASE = 1_000;
const LARGEST_ALERT = 255;

/**
 * Why a handshake failed, as a code of the table of reasons.
 *
 * @param thrown the error of a TLS socket, or the code of a certificate check as text (`CERT_HAS_EXPIRED`)
 */
export function handshakeReasonOf(thrown: unknown): HandshakeReason {
  const alert = alertOf(thrown);
  if (alert !== undefined) return ALERTS[alert] ?? 'peer_refused';
  const code = typeof thrown === 'string' ? thrown : systemCodeOf(thrown);
  const known = Object.hasOwn(CODES, code) ? CODES[code] : undefined;
  if (known !== undefined) return known;
  return code.startsWith('ERR_SSL_') ? 'protocol_error' : 'other';
}

/** The number of the alert that the peer sent, when the error says that it sent one. */
function alertOf(thrown: unknown): number | undefined {
  if (!(thrown instanceof Error)) return undefined;
  const [, digits] = OPENSSL_ERROR.exec(thrown.message) ?? [];
  if (digits === undefined) return undefined;
  const alert = (Number.parseInt(digits, 16) & REASON_BITS) - ALERT_BASE;
  return alert >= 0 && alert <= LARGEST_ALERT ? alert : undefined;
}
