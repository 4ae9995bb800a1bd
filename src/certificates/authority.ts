import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  X509Certificate,
  type KeyObject,
} from 'node:crypto';

import { certificate, keyIdOf, nameOf, type Issuer } from './certificate.ts';
import { subjectOf } from './certificate-subject.ts';
import type { CertificateUsage } from './extensions.ts';

/** ECDSA with P-256, or RSA with 2048 bits. */
export type KeyType = 'ecdsa' | 'rsa';

/** A certificate with its private key, in PEM. */
export interface IssuedCertificate {
  readonly cert: string;
  readonly key: string;
  /** The certificate, followed by those of the authorities between it and the root: what a server sends to clients. */
  readonly chain: string;
}

export interface IssueOptions {
  /** The common name. Default: the first name, if it is not too long for that. */
  readonly subject?: string;
  /** Host names, also `*.example.com`, and IP addresses that the certificate is for. */
  readonly names?: readonly string[];
  /** Default: `server`. */
  readonly usage?: CertificateUsage;
  /** Default: `ecdsa`. */
  readonly keyType?: KeyType;
  /** Default: a day ago, because clocks differ. */
  readonly notBefore?: Date;
  /** Default: 397 days from now. */
  readonly notAfter?: Date;
  /** Encrypts the private key. */
  readonly keyPassword?: string;
}

export interface AuthorityOptions {
  readonly keyType?: KeyType;
  readonly notBefore?: Date;
  /** Default: ten years from now. */
  readonly notAfter?: Date;
}

const DAY_MS = 86_400_000;
const AUTHORITY_DAYS = 3_650;

/** The longest common name (RFC 5280, appendix A.1). */
const MAX_COMMON_NAME = 64;

/** How many days a certificate is valid by default. Some clients refuse longer times than about this. */
export const DEFAULT_DAYS = 397;

/** Issues certificates that lead to its own. */
export class Authority implements IssuedCertificate {
  readonly cert: string;
  readonly key: string;
  readonly chain: string;
  readonly #issuer: Issuer;
  /** What stands in the chain of issued certificates behind them: this authority and those above it, without the root. */
  readonly #above: string;

  private constructor(cert: string, key: string, above: string) {
    this.cert = cert;
    this.key = key;
    this.chain = above === '' ? cert : above;
    this.#above = above;
    this.#issuer = issuerOf(cert, key);
  }

  /** A new root: the certificate that clients are given to trust. */
  static create(name: string, options: AuthorityOptions = {}): Authority {
    const { publicKey, privateKey } = newKeys(options.keyType);
    const issuer: Issuer = { name: nameOf(name), key: privateKey, keyId: keyIdOf(publicKey) };
    const parts = {
      subject: name,
      publicKey,
      names: [],
      usage: 'authority',
      ...authorityTimes(options),
    } as const;
    return new Authority(certificate(parts, issuer), pemOf(privateKey), '');
  }

  /** A root that was made before. Throws when the two are no certificate and key, or no pair. */
  static fromPem(cert: string, key: string): Authority {
    return new Authority(cert, key, '');
  }

  issue(options: IssueOptions): IssuedCertificate {
    const { names = [], usage = 'server', keyPassword } = options;
    const [first = ''] = names;
    const subject = options.subject ?? (first.length > MAX_COMMON_NAME ? '' : first);
    const { publicKey, privateKey } = newKeys(options.keyType);
    const notBefore = options.notBefore ?? daysFromNow(-1);
    const notAfter = options.notAfter ?? daysFromNow(DEFAULT_DAYS);
    const cert = certificate({ subject, publicKey, names, usage, notBefore, notAfter }, this.#issuer);
    return { cert, key: pemOf(privateKey, keyPassword), chain: cert + this.#above };
  }

  /** An authority below this one. */
  issueAuthority(name: string, options: AuthorityOptions = {}): Authority {
    const { publicKey, privateKey } = newKeys(options.keyType);
    const parts = {
      subject: name,
      publicKey,
      names: [],
      usage: 'authority',
      ...authorityTimes(options),
    } as const;
    const cert = certificate(parts, this.#issuer);
    return new Authority(cert, pemOf(privateKey), cert + this.#above);
  }
}

function authorityTimes({ notBefore, notAfter }: AuthorityOptions): { notBefore: Date; notAfter: Date } {
  return { notBefore: notBefore ?? daysFromNow(-1), notAfter: notAfter ?? daysFromNow(AUTHORITY_DAYS) };
}

/** What certificates say about their issuer, whose own certificate and key these are. */
function issuerOf(cert: string, key: string): Issuer {
  const { raw, publicKey } = new X509Certificate(cert);
  const privateKey = createPrivateKey(key);
  if (!createPublicKey(privateKey).equals(publicKey)) {
    throw new Error('the key does not belong to the certificate');
  }
  const { name, keyId } = subjectOf(raw);
  return { name, key: privateKey, keyId: keyId ?? keyIdOf(publicKey) };
}

function newKeys(keyType: KeyType = 'ecdsa'): { publicKey: KeyObject; privateKey: KeyObject } {
  return keyType === 'rsa'
    ? generateKeyPairSync('rsa', { modulusLength: 2048 })
    : generateKeyPairSync('ec', { namedCurve: 'P-256' });
}

function pemOf(key: KeyObject, passphrase?: string): string {
  const encryption = passphrase === undefined ? {} : { cipher: 'aes-256-cbc', passphrase };
  return key.export({ type: 'pkcs8', format: 'pem', ...encryption }).toString();
}

function daysFromNow(days: number): Date {
  return new Date(Date.now() + days * DAY_MS);
}
