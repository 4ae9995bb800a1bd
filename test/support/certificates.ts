import { createPrivateKey, createPublicKey, generateKeyPairSync, X509Certificate } from 'node:crypto';

import {
  Authority,
  type AuthorityOptions,
  type IssuedCertificate,
  type IssueOptions,
} from '../../src/certificates/authority.ts';
import {
  certificate,
  keyIdOf,
  nameOf,
  pem,
  signatureAlgorithm,
  signed,
} from '../../src/certificates/certificate.ts';
import { extension } from '../../src/certificates/extensions.ts';
import { sequence, smallInteger, tag, tagged, time } from '../../src/certificates/der.ts';

export type { AuthorityOptions, IssuedCertificate, IssueOptions };

const DAY_MS = 86_400_000;

/**
 * An authority made for a test: `cert` is what clients and servers are given to trust. Certificates are ECDSA unless an option
 * says RSA; `chain` of a certificate that an intermediate authority issued has that authority behind it.
 */
export class CertificateAuthority implements IssuedCertificate {
  readonly cert: string;
  readonly key: string;
  readonly chain: string;
  readonly #name: string;
  readonly #authority: Authority;

  constructor(name = 'test authority', options: AuthorityOptions | Authority = {}) {
    this.#name = name;
    this.#authority = options instanceof Authority ? options : Authority.create(name, options);
    ({ cert: this.cert, key: this.key, chain: this.chain } = this.#authority);
  }

  /**
   * With a name alone: a certificate for both a server at 127.0.0.1 and localhost and for a client, with that subject. With options: as
   * they say; names are those at 127.0.0.1 and localhost unless there are others.
   */
  issue(options: string | IssueOptions = {}): IssuedCertificate {
    const wanted = typeof options === 'string' ? { subject: options } : options;
    return this.#authority.issue({
      subject: 'localhost',
      names: ['localhost', '127.0.0.1'],
      usage: 'server-and-client',
      ...wanted,
      ...(wanted.subject === undefined && wanted.names !== undefined
        ? { subject: wanted.names[0] ?? '' }
        : {}),
    });
  }

  /** A certificate whose time was over yesterday. */
  issueExpired(options: IssueOptions = {}): IssuedCertificate {
    return this.issue({ notBefore: daysFromNow(-30), notAfter: daysFromNow(-1), ...options });
  }

  /** A certificate whose time begins tomorrow. */
  issueNotYetValid(options: IssueOptions = {}): IssuedCertificate {
    return this.issue({ notBefore: daysFromNow(1), notAfter: daysFromNow(30), ...options });
  }

  /** An authority below this one. */
  intermediate(name = 'test intermediate', options: AuthorityOptions = {}): CertificateAuthority {
    return new CertificateAuthority(name, this.#authority.issueAuthority(name, options));
  }

  /** A list of the certificates that this authority takes back (RFC 5280, section 5), in PEM. */
  revocationList(revoked: readonly Pick<IssuedCertificate, 'cert'>[], nextUpdate = daysFromNow(30)): string {
    const key = createPrivateKey(this.key);
    const serials = revoked.map(({ cert }) => Buffer.from(new X509Certificate(cert).serialNumber, 'hex'));
    const rows = serials.map((serial) => sequence(tagged(tag.integer, serial), time(daysFromNow(-1))));
    const number = extension('2.5.29.20', smallInteger(1));
    const issuerKey = extension('2.5.29.35', sequence(tagged(0x80, keyIdOf(createPublicKey(key)))));
    const body = sequence(
      smallInteger(1),
      signatureAlgorithm(key),
      nameOf(this.#name),
      time(daysFromNow(-1)),
      time(nextUpdate),
      ...(rows.length > 0 ? [sequence(...rows)] : []),
      tagged(0xa0, sequence(number, issuerKey)),
    );
    return pem('X509 CRL', signed(body, key));
  }
}

export function daysFromNow(days: number): Date {
  return new Date(Date.now() + days * DAY_MS);
}

/** The certificate of a server that signed it itself, as many private servers have one. */
export function selfSignedCertificate(...names: readonly string[]): { cert: string; key: string } {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const [subject = ''] = names;
  const times = { notBefore: daysFromNow(-1), notAfter: daysFromNow(30) };
  const issuer = { name: nameOf(subject), key: privateKey, keyId: keyIdOf(publicKey) };
  const cert = certificate({ subject, publicKey, names, usage: 'server', ...times }, issuer);
  return { cert, key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
}
