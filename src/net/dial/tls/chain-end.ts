import type { DetailedPeerCertificate } from 'node:tls';

/** Longer than any chain that OpenSSL accepts by default. */
const MAX_LENGTH = 100;

/** When the first certificate of a chain expires, in ms since 1970. The last one is its own issuer. */
export function chainEndOf(certificate: DetailedPeerCertificate): number {
  let endsAtMs = Number.POSITIVE_INFINITY;
  let current: DetailedPeerCertificate | undefined = certificate;
  for (let count = 0; current !== undefined && count < MAX_LENGTH; count++) {
    const validToMs = Date.parse(current.valid_to);
    // A date that can't be read ends the chain now: no session of it is resumed.
    endsAtMs = Math.min(endsAtMs, Number.isNaN(validToMs) ? 0 : validToMs);
    const issuer = current.issuerCertificate as DetailedPeerCertificate | undefined;
    current = issuer === current ? undefined : issuer;
  }
  return endsAtMs;
}
