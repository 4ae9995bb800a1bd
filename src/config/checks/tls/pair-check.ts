import type { KeyObject } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { messageOf } from '../../../errors.ts';
import { chainFault, type PublicRoots } from '../../certificates/certificate-chain.ts';
import type { CertificateFacts } from '../../certificates/certificate-facts.ts';
import { readCertificates, titleOf } from '../../certificates/certificate-facts.ts';
import { readPrivateKey } from '../../certificates/read-private-key.ts';
import { isBrokenHash } from '../../certificates/signature-hash.ts';
import { expiresSoon, invalidAt } from '../../certificates/validity.ts';
import { passwordIn } from '../../files/config-files.ts';
import type { Path } from '../../problems/problem.ts';
import { reportFile, type CertificateCheckContext } from './certificate-check-context.ts';

/** A file that a key of the config names. */
export interface FileKey {
  readonly file: string;
  readonly path: Path;
}

/** A certificate with its key. */
export interface CertificatePair {
  readonly cert: FileKey;
  readonly key: FileKey;
  readonly password: FileKey | undefined;
  /** Whom it is shown to: a server's to clients, a client's to backends. */
  readonly role: 'server' | 'client';
}

/** The purposes that a certificate may be limited to (RFC 5280, section 4.2.1.12). */
const PURPOSES = { server: '1.3.6.1.5.5.7.3.1', client: '1.3.6.1.5.5.7.3.2' } as const;
const ANY_PURPOSE = '2.5.29.37.0';
const LEAST_RSA_BITS = 2048;

/** Checks certificates with their keys: that they can be used, that they belong together, and that the other side will accept them. */
export class PairCheck {
  readonly #context: CertificateCheckContext;
  readonly #roots: PublicRoots;

  constructor(context: CertificateCheckContext, roots: PublicRoots) {
    this.#context = context;
    this.#roots = roots;
  }

  /** Reports what is wrong. Gives the certificates of the file, that of the pair first; undefined when it can't be used. */
  check(pair: CertificatePair): readonly CertificateFacts[] | undefined {
    const { contentOf } = this.#context;
    const certText = contentOf(pair.cert.file);
    const key = this.#readKey(pair);
    if (certText === undefined) return undefined;
    const { certificates, failure } = readCertificates(certText);
    const [leaf] = certificates;
    if (failure !== undefined || leaf === undefined) {
      this.#report('error', pair.cert, failure ?? 'holds no certificate');
      return undefined;
    }
    const isMatching = key === undefined || this.#checkMatch(pair, certificates, key);
    const isStrong = this.#checkStrength(pair.cert, certificates);
    this.#checkValidity(pair.cert, certificates);
    this.#checkPurpose(pair, leaf);
    const chain = isMatching ? chainFault(certificates, this.#roots) : undefined;
    if (chain !== undefined) this.#report('warn', pair.cert, chain);
    if (isMatching && isStrong && key !== undefined) this.#tryOut(pair.cert, certText, key);
    return certificates;
  }

  #readKey({ key, password }: CertificatePair): KeyObject | undefined {
    const { contentOf, warn } = this.#context;
    const text = contentOf(key.file);
    const secret = password === undefined ? undefined : contentOf(password.file);
    if (text === undefined || (password !== undefined && secret === undefined)) return undefined;
    const result = readPrivateKey(text, secret === undefined ? undefined : passwordIn(secret));
    if ('failure' in result) {
      const at = result.of === 'password' && password !== undefined ? password : key;
      this.#report('error', at, result.failure);
      return undefined;
    }
    if (!result.isEncrypted && password !== undefined)
      warn(password.path, 'has no effect: the private key is not encrypted');
    return result.key;
  }

  #checkMatch(
    { cert, key: keyFile }: CertificatePair,
    certificates: readonly CertificateFacts[],
    key: KeyObject,
  ): boolean {
    const at = certificates.findIndex(({ x509 }) => x509.checkPrivateKey(key));
    if (at === 0) return true;
    const own = certificates[at];
    if (own !== undefined) {
      this.#report(
        'error',
        cert,
        `has its certificates in the wrong order: that of the private key, in line ${own.line}, must be the first one`,
      );
      return false;
    }
    const { error, shown } = this.#context;
    const names = [shown(keyFile.path, keyFile.file), shown(cert.path, cert.file)] as const;
    error(
      keyFile.path,
      `names the file ${names[0]}, whose private key does not belong to the certificate in ${names[1]}`,
    );
    return false;
  }

  #checkStrength(cert: FileKey, certificates: readonly CertificateFacts[]): boolean {
    for (const { rsaBits, hash, isSelfSigned, line } of certificates) {
      const which = `the certificate in line ${line}`;
      if (rsaBits !== undefined && rsaBits < LEAST_RSA_BITS) {
        const text = `holds a key that is too short: ${which} has an RSA key of ${rsaBits} bits, and at least ${LEAST_RSA_BITS} are needed`;
        this.#report('error', cert, text);
        return false;
      }
      // Nobody verifies the signature of a root.
      if (isBrokenHash(hash) && !isSelfSigned) {
        const text = `holds a signature that can be forged: ${which} is signed with ${hash ?? ''}; have it issued again with SHA-256`;
        this.#report('error', cert, text);
        return false;
      }
    }
    return true;
  }

  #checkValidity(cert: FileKey, certificates: readonly CertificateFacts[]): void {
    const { nowMs, mayBeInvalid } = this.#context;
    for (const facts of certificates) {
      // A root in the chain is not looked at by clients, which have it themselves.
      if (facts.isSelfSigned && facts !== certificates[0]) continue;
      const holds = `holds the certificate of ${titleOf(facts)} (line ${facts.line}), which`;
      const invalid = invalidAt(facts, nowMs);
      const soon = expiresSoon(facts, nowMs);
      if (invalid !== undefined)
        this.#report(mayBeInvalid(cert.file) ? 'warn' : 'error', cert, `${holds} ${invalid}`);
      else if (soon !== undefined) this.#report('warn', cert, `${holds} ${soon}`);
      else continue;
      return;
    }
  }

  #checkPurpose({ cert, role }: CertificatePair, { x509 }: CertificateFacts): void {
    // The runtime calls the extended key usage so. Without the extension a certificate is for any purpose.
    const purposes = x509.keyUsage as readonly string[] | undefined;
    if (purposes === undefined || purposes.includes(PURPOSES[role]) || purposes.includes(ANY_PURPOSE)) return;
    const whom = role === 'server' ? 'servers: clients refuse it' : 'clients: backends refuse it';
    this.#report('warn', cert, `holds a certificate that is not meant for ${whom}`);
  }

  /** What OpenSSL would refuse later, as a certificate with an odd kind of key. */
  #tryOut(cert: FileKey, certText: string, key: KeyObject): void {
    try {
      createSecureContext({ cert: certText, key: key.export({ type: 'pkcs8', format: 'pem' }) });
    } catch (thrown) {
      const reason = messageOf(thrown).split(':').at(-1)?.trim() ?? '';
      this.#report('error', cert, `holds a certificate that can't be used: ${reason}`);
    }
  }

  #report(level: 'error' | 'warn', { file, path }: FileKey, text: string): void {
    reportFile(this.#context, { level, path, file, text });
  }
}
