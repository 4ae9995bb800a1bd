import type { X509Certificate } from 'node:crypto';

import { nameLine } from '../../config/certificates/name-line.ts';
import type { PeerCertificate } from '../../plugin-api/index.ts';

/** A certificate that the other end of a TLS connection showed. */
export class ShownCertificate implements PeerCertificate {
  readonly verified: boolean;
  readonly #certificate: X509Certificate;
  #fingerprint: string | undefined;
  #subject: string | undefined;

  /** @param verified Whether OpenSSL found an authority that the config trusts. */
  constructor(certificate: X509Certificate, verified: boolean) {
    this.#certificate = certificate;
    this.verified = verified;
  }

  get subject(): string {
    return (this.#subject ??= nameLine(this.#certificate.subject));
  }

  get issuer(): string {
    return nameLine(this.#certificate.issuer);
  }

  get serialNumber(): string {
    return this.#certificate.serialNumber;
  }

  get notBeforeMs(): number {
    return Date.parse(this.#certificate.validFrom);
  }

  get notAfterMs(): number {
    return Date.parse(this.#certificate.validTo);
  }

  get fingerprint256(): string {
    return (this.#fingerprint ??= this.#certificate.fingerprint256);
  }

  get raw(): Uint8Array {
    return this.#certificate.raw;
  }
}
