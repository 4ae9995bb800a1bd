import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { CertificateAuthority } from '../support/certificates.ts';

/** The files of one certificate (ECDSA, P-256) that every proxy and the backend have, and of the authority that it leads to. */
export interface BenchCertificates {
  readonly cert: string;
  readonly key: string;
  /** Both in one file, as HAProxy wants them. */
  readonly certAndKey: string;
  readonly ca: string;
  /** The contents of `ca`. */
  readonly caText: string;
}

/** The name that the certificate is for, besides 127.0.0.1. */
export const certificateName = 'localhost';

/** What every TLS connection of the benchmark is limited to, so that all proxies do the same work. */
export const tlsTerms = {
  version: 'TLSv1.3',
  cipherSuite: 'TLS_AES_128_GCM_SHA256',
  curve: 'X25519',
} as const;

export function writeCertificates(folder: string): BenchCertificates {
  const authority = new CertificateAuthority('benchmark authority');
  const { cert, key } = authority.issue({ names: [certificateName, '127.0.0.1'] });
  const file = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  };
  return {
    cert: file('bench.crt', cert),
    key: file('bench.key', key),
    certAndKey: file('bench.pem', cert + key),
    ca: file('bench-ca.crt', authority.cert),
    caText: authority.cert,
  };
}
