import { X509Certificate } from 'node:crypto';
import { rootCertificates } from 'node:tls';
import type { CertificateFacts } from './certificate-facts.ts';
import { nameLine } from './name-line.ts';

/** The roots that the runtime brings, by their subjects. They are parsed when they are first needed. */
export class PublicRoots {
  #bySubject: Map<string, X509Certificate[]> | undefined;

  /** Whether one of the roots has issued a certificate. */
  hasIssued(certificate: X509Certificate): boolean {
    this.#bySubject ??= bySubject();
    return this.#bySubject.get(certificate.issuer)?.some((root) => isIssuedBy(certificate, root)) ?? false;
  }
}

function bySubject(): Map<string, X509Certificate[]> {
  const map = new Map<string, X509Certificate[]>();
  for (const pem of rootCertificates) {
    const root = new X509Certificate(pem);
    map.set(root.subject, [...(map.get(root.subject) ?? []), root]);
  }
  return map;
}

/**
 * What is wrong with the order of the certificates in a file, or what is missing there, worded to follow the file's name; undefined when
 * nothing is. The first certificate is that of the server, each further one has issued the one before it, and the root may be missing.
 */
export function chainFault(
  certificates: readonly CertificateFacts[],
  roots: PublicRoots,
): string | undefined {
  for (const [index, { x509, isSelfSigned }] of certificates.entries()) {
    const next = certificates[index + 1];
    if (next === undefined) return isSelfSigned ? undefined : endFault(x509, roots);
    if (isIssuedBy(x509, next.x509)) continue;
    const issuer = nameLine(x509.issuer);
    if (isSelfSigned)
      return `holds more certificates after the root "${nameLine(x509.subject)}": they help no client`;
    if (certificates.some((other) => isIssuedBy(x509, other.x509)))
      return `has its certificates in the wrong order: that of "${issuer}" must follow the one that it has issued (line ${next.line})`;
    return `lacks the certificate of "${issuer}": the one in line ${next.line} is of "${nameLine(next.x509.subject)}"`;
  }
  return undefined;
}

/** Certificates of public authorities say where that of their issuer is. Others may come from a root that clients have. */
function endFault(last: X509Certificate, roots: PublicRoots): string | undefined {
  if (last.infoAccess?.includes('CA Issuers') !== true || roots.hasIssued(last)) return undefined;
  return `lacks the intermediate certificate of "${nameLine(last.issuer)}": clients that do not have it refuse the connection`;
}

function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}
