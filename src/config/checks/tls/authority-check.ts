import { createSecureContext } from 'node:tls';
import { messageOf } from '../../../errors.ts';
import type { CertificateFacts } from '../../certificates/certificate-facts.ts';
import { readCertificates, titleOf } from '../../certificates/certificate-facts.ts';
import { readRevocationLists } from '../../certificates/revocation-list.ts';
import { dayOf, expiresSoon, invalidAt } from '../../certificates/validity.ts';
import { reportFile, type CertificateCheckContext } from './certificate-check-context.ts';
import type { FileKey } from './pair-check.ts';

/** Checks files with certificate authorities, and with their revocation lists. */
export class AuthorityCheck {
  readonly #context: CertificateCheckContext;

  constructor(context: CertificateCheckContext) {
    this.#context = context;
  }

  /** Reports what is wrong with a file of authorities. Gives them; undefined when the file can't be used. */
  check(ca: FileKey): readonly CertificateFacts[] | undefined {
    const text = this.#context.contentOf(ca.file);
    if (text === undefined) return undefined;
    const { certificates, blocks, failure } = readCertificates(text);
    if (failure !== undefined) {
      this.#report('error', ca, failure);
      return undefined;
    }
    if (blocks.some(({ label }) => label.endsWith('PRIVATE KEY')))
      this.#report(
        'warn',
        ca,
        'also holds a private key: the proxy needs only the certificates of authorities',
      );
    if (!certificates.some(({ x509, isSelfSigned }) => x509.ca || isSelfSigned))
      this.#report('warn', ca, 'holds no authority: its certificates may not sign others');
    this.#checkValidity(ca, certificates);
    this.#tryOut(ca, { ca: text });
    return certificates;
  }

  /** Reports what is wrong with a file of revocation lists of these authorities. */
  checkRevocation(crl: FileKey, authorities: readonly CertificateFacts[] | undefined): void {
    const text = this.#context.contentOf(crl.file);
    if (text === undefined) return;
    const { lists, failure } = readRevocationLists(text);
    if (failure !== undefined) {
      this.#report('error', crl, failure);
      return;
    }
    for (const list of lists) {
      const which = `the revocation list in line ${list.line}`;
      if (authorities !== undefined && !authorities.some(({ x509 }) => list.isSignedBy(x509)))
        this.#report(
          'error',
          crl,
          `holds a list of somebody else: no authority of client_ca_file has signed ${which}`,
        );
      else if (list.nextUpdateMs !== undefined && list.nextUpdateMs < this.#context.nowMs) {
        const level = this.#context.mayBeInvalid(crl.file) ? 'warn' : 'error';
        const text = `holds an outdated list: ${which} was valid until ${dayOf(list.nextUpdateMs)}, and all clients of its authority are refused`;
        this.#report(level, crl, text);
      }
    }
    this.#tryOut(crl, { crl: text });
  }

  /** An authority that is not valid makes only its own clients or backends fail, so one of a bundle is no error. */
  #checkValidity(ca: FileKey, certificates: readonly CertificateFacts[]): void {
    const { nowMs, mayBeInvalid } = this.#context;
    const invalid = certificates.filter((facts) => invalidAt(facts, nowMs) !== undefined);
    const [first] = invalid;
    if (first !== undefined) {
      const isAll = invalid.length === certificates.length;
      const level = isAll && !mayBeInvalid(ca.file) ? 'error' : 'warn';
      this.#report(level, ca, `${holds(first)} ${invalidAt(first, nowMs) ?? ''}`);
      return;
    }
    for (const facts of certificates) {
      const soon = expiresSoon(facts, nowMs);
      if (soon === undefined) continue;
      this.#report('warn', ca, `${holds(facts)} ${soon}`);
      return;
    }
  }

  #tryOut(at: FileKey, options: { readonly ca?: string; readonly crl?: string }): void {
    try {
      createSecureContext(options);
    } catch (thrown) {
      const reason = messageOf(thrown).split(':').at(-1)?.trim() ?? '';
      this.#report('error', at, `can't be used: ${reason}`);
    }
  }

  #report(level: 'error' | 'warn', { file, path }: FileKey, text: string): void {
    reportFile(this.#context, { level, path, file, text });
  }
}

function holds(facts: CertificateFacts): string {
  return `holds the authority ${titleOf(facts)} (line ${facts.line}), which`;
}
