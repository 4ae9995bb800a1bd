/**
 * Why the first bytes of a connection are no ClientHello.
 *
 * - `plain_http`: a request without TLS
 * - `sslv2`: the hello of a version that nobody speaks any more
 * - `not_tls`: anything else that does not begin as TLS does
 * - `malformed`: it begins as TLS does, and then breaks a rule of its RFC
 * - `too_long`: the ClientHello, or what carries it, has more bytes than {@link HELLO_LIMIT_BYTES}
 */
export type HelloRefusalKind = 'plain_http' | 'sslv2' | 'not_tls' | 'malformed' | 'too_long';

/** The most bytes that are read in search of a ClientHello, with the headers of the records that carry it. Real ones have 200 to 4,000. */
export const HELLO_LIMIT_BYTES = 64 * 1024;

/** The bytes are no ClientHello, and no further bytes can change that. */
export class HelloRefusal {
  readonly kind: HelloRefusalKind;
  /** What is wrong, for log lines; has nothing that the peer sent. */
  readonly reason: string;

  constructor(kind: HelloRefusalKind, reason: string) {
    this.kind = kind;
    this.reason = reason;
  }
}

const malformed = (reason: string): HelloRefusal => new HelloRefusal('malformed', reason);

/** All refusals there are. A peer that sends garbage makes no new objects. */
export const HELLO_REFUSALS = {
  plainHttp: new HelloRefusal('plain_http', 'a plain HTTP request instead of TLS'),
  sslv2: new HelloRefusal('sslv2', 'a hello of SSL 2.0'),
  notTls: new HelloRefusal('not_tls', 'the first bytes are not TLS'),
  tooLong: new HelloRefusal('too_long', `the ClientHello has more than ${HELLO_LIMIT_BYTES} bytes`),
  recordVersion: new HelloRefusal('not_tls', 'the first record has a version that is not of TLS'),
  recordType: malformed('a record that is no handshake before the ClientHello was complete'),
  recordLength: malformed('a record of 0 or of more than 16,384 bytes'),
  messageType: malformed('the first handshake message is no ClientHello'),
  version: malformed('the ClientHello has a version that is not of TLS'),
  truncated: malformed('a field reaches past the end of the ClientHello'),
  trailing: malformed('bytes follow the last field of the ClientHello'),
  sessionId: malformed('a session id of more than 32 bytes'),
  cipherSuites: malformed('a list of cipher suites that is empty or of odd length'),
  compression: malformed('an empty list of compression methods'),
  duplicate: malformed('an extension that comes twice'),
  extension: malformed('an extension whose lengths do not fit each other'),
  serverName: malformed('a server name that is no host name'),
  preSharedKey: malformed('an extension after pre_shared_key, which must be the last one'),
} as const;
