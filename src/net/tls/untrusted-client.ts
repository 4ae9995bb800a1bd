import type { TLSSocket } from 'node:tls';

/**
 * Why a client that must show a certificate of a trusted authority is not let in; undefined when it is. Must be called after the handshake.
 *
 * @param verifyError what OpenSSL found wrong with its certificate; undefined: nothing
 */
export function untrustedClient(socket: TLSSocket, verifyError: Error | undefined): Error | undefined {
  const certificate = socket.getPeerX509Certificate();
  // Node.js 20 and 22 find nothing wrong with a client that has no certificate and resumes a session of TLS 1.3.
  if (certificate === undefined) return new MissingCertificate();
  // A session remembers that the certificate was verified, and is resumed without another look at it.
  if (socket.isSessionReused() && Date.parse(certificate.validTo) < Date.now())
    return new ExpiredCertificate();
  return verifyError;
}

/** A client showed no certificate, in this handshake or in the one that its session began with. */
export class MissingCertificate extends Error {
  readonly code = 'ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE';

  constructor() {
    super('the client showed no certificate');
  }
}

class ExpiredCertificate extends Error {
  readonly code = 'CERT_HAS_EXPIRED';

  constructor() {
    super('certificate has expired since the session began');
  }
}
