import type { CertificateReading } from '../../../readings/certificate.ts';
import type { CertificateFacts } from '../../certificates/certificate-facts.ts';
import { nameLine } from '../../certificates/name-line.ts';

/** Collects the certificates that a config uses, each file once. */
export class CertificateUses {
  readonly #readings = new Map<string, CertificateReading>();

  /** In the order of the config. */
  get readings(): readonly CertificateReading[] {
    return [...this.#readings.values()];
  }

  /**
   * Adds a use of a file.
   *
   * @param certificates those of the file. A chain is as good as the certificate in it that expires first; of a bundle of authorities that
   *   one is shown.
   */
  add(
    kind: CertificateReading['kind'],
    file: string,
    certificates: readonly CertificateFacts[],
    usedBy: string,
  ): void {
    const [first] = certificates;
    if (first === undefined) return;
    const key = `${kind} ${file}`;
    const known = this.#readings.get(key);
    if (known !== undefined) {
      if (!known.usedBy.includes(usedBy))
        this.#readings.set(key, { ...known, usedBy: [...known.usedBy, usedBy] });
      return;
    }
    const soonest = certificates.reduce((one, other) => (other.notAfterMs < one.notAfterMs ? other : one));
    const shown = kind === 'ca' ? soonest : first;
    this.#readings.set(key, {
      kind,
      file,
      names: shown.names,
      subject: nameLine(shown.x509.subject),
      issuer: nameLine(shown.x509.issuer),
      fingerprint256: shown.x509.fingerprint256,
      notBeforeMs: shown.notBeforeMs,
      notAfterMs: soonest.notAfterMs,
      usedBy: [usedBy],
    });
  }
}
