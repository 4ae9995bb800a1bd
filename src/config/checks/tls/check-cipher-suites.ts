import { createSecureContext, getCiphers } from 'node:tls';
import type { Path } from '../../problems/problem.ts';
import type { ListenerTls } from '../../schema/config.generated.ts';
import { isTls13Suite, keyTypeOfSuite, weaknessOf } from '../../values/tls/cipher-suite.ts';
import type { CertificateCheckContext } from './certificate-check-context.ts';
import type { CheckedCertificate } from './listener-certificates.ts';

type Settings = Pick<ListenerTls, 'min_version' | 'max_version' | 'cipher_suites'> &
  Partial<Pick<ListenerTls, 'curves'>>;
type Context = Pick<CertificateCheckContext, 'error' | 'warn' | 'given'>;

/** Versions, cipher suites and groups fit together, and the runtime has them. */
export function checkProtocol(tls: Settings, at: Path, context: Context): void {
  const { min_version: min, max_version: max, cipher_suites: suites } = tls;
  if (min > max) {
    const key = context.given([...at, 'min_version']) ? 'min_version' : 'max_version';
    const [relation, other] = key === 'min_version' ? ['above max_version', max] : ['below min_version', min];
    context.error([...at, key], `must not be ${relation} (${other})`);
    return;
  }
  const known = new Set(getCiphers());
  const seen = new Set<string>();
  for (const [index, suite] of suites.entries()) {
    const path = [...at, 'cipher_suites', index];
    // Defaults of a version that the list says nothing about.
    if (!context.given(path)) continue;
    if (!known.has(suite.toLowerCase())) context.error(path, 'is not known to this version of Node.js');
    else if (seen.has(suite)) context.warn(path, 'is in the list twice');
    else if (isTls13Suite(suite) && max === '1.2')
      context.warn(path, 'has no effect with max_version 1.2: it is a suite of TLS 1.3');
    else if (min === '1.3' && !isTls13Suite(suite))
      context.warn(path, 'has no effect with min_version 1.3: it is a suite of TLS 1.2');
    else if (weaknessOf(suite) !== undefined) context.warn(path, weaknessOf(suite) ?? '');
    seen.add(suite);
  }
  if (tls.curves !== undefined) checkCurves(tls.curves, at, context);
}

function checkCurves(curves: readonly string[], at: Path, { error }: Context): void {
  for (const [index, curve] of curves.entries()) {
    try {
      createSecureContext({ ecdhCurve: curve });
    } catch {
      error(
        [...at, 'curves', index],
        `is not known to this version of Node.js (OpenSSL ${process.versions.openssl})`,
      );
    }
  }
}

/** Suites of TLS 1.2 are for one kind of key: without one for its key, a certificate can't be used with that version. */
export function checkSuitesOfKeys(
  { cipher_suites: suites, min_version: min, max_version: max }: ListenerTls,
  at: Path,
  certificates: readonly CheckedCertificate[],
  { error, warn, given, shown }: CertificateCheckContext,
): void {
  if (min === '1.3' || !given([...at, 'cipher_suites'])) return;
  const kinds = new Set(suites.map(keyTypeOfSuite));
  for (const { certificate, path, facts } of certificates) {
    if (facts === undefined || facts.keyKind === 'other' || kinds.has(facts.keyKind)) continue;
    const key = facts.keyKind === 'rsa' ? 'an RSA key' : 'an ECDSA key';
    const cert = shown([...path, 'cert_file'], certificate.cert_file);
    const text = `has no suite of TLS 1.2 for the certificate ${cert}, which has ${key}`;
    if (max === '1.2') error([...at, 'cipher_suites'], text);
    else warn([...at, 'cipher_suites'], `${text}: clients without TLS 1.3 can't connect`);
  }
}
