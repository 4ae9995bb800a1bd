import type { CertificateReading } from '../../../readings/certificate.ts';
import { PublicRoots } from '../../certificates/certificate-chain.ts';
import type { CertificateFacts } from '../../certificates/certificate-facts.ts';
import type { Path } from '../../problems/problem.ts';
import type {
  Config,
  Listener,
  ServerTls,
  TlsCertificate,
  UpstreamTls,
} from '../../schema/config.generated.ts';
import { AuthorityCheck } from './authority-check.ts';
import type { CertificateCheckContext } from './certificate-check-context.ts';
import { CertificateUses } from './certificate-uses.ts';
import { checkSuitesOfKeys } from './check-cipher-suites.ts';
import { withDomains, type CheckedCertificate } from './listener-certificates.ts';
import { PairCheck, type CertificatePair, type FileKey } from './pair-check.ts';

/** A config whose certificates were checked. */
export interface CheckedCertificates {
  /** With the names of all certificates filled in. */
  readonly config: Config;
  /** What is used, for those who watch when it expires. */
  readonly certificates: readonly CertificateReading[];
}

/** Checks all certificates, keys, authorities and revocation lists that a config names. */
export function checkCertificates(context: CertificateCheckContext): CheckedCertificates {
  const check = new CertificateCheck(context);
  const { config } = context;
  const listeners = config.listeners.map((listener, index) => check.listener(listener, ['listeners', index]));
  for (const [index, { name, tls }] of config.upstreams.entries())
    if (tls !== undefined) check.upstream(tls, ['upstreams', index, 'tls'], `upstream ${name}`);
  if (config.admin?.tls !== undefined) check.server(config.admin.tls, ['admin', 'tls'], 'admin');
  if (config.metrics.tls !== undefined) check.server(config.metrics.tls, ['metrics', 'tls'], 'metrics');
  return { config: { ...config, listeners }, certificates: check.uses.readings };
}

/** The keys that say which certificates of clients are accepted. */
type ClientKeys = Pick<TlsCertificate, 'client_ca_file' | 'client_crl_file'>;

class CertificateCheck {
  readonly uses = new CertificateUses();
  readonly #context: CertificateCheckContext;
  readonly #pairs: PairCheck;
  readonly #authorities: AuthorityCheck;

  constructor(context: CertificateCheckContext) {
    this.#context = context;
    this.#pairs = new PairCheck(context, new PublicRoots());
    this.#authorities = new AuthorityCheck(context);
  }

  listener(listener: Listener, at: Path): Listener {
    const { tls, name } = listener;
    if (tls === undefined) return listener;
    const usedBy = `listener ${name}`;
    const path: Path = [...at, 'tls'];
    const authorities = this.#clients(tls, path, usedBy, undefined);
    const checked = tls.certificates.map((certificate, index): CheckedCertificate => {
      const place: Path = [...path, 'certificates', index];
      const [facts] = this.#pair(serverPair(certificate, place), usedBy) ?? [];
      this.#clients(certificate, place, usedBy, authorities);
      return { certificate, path: place, facts };
    });
    checkSuitesOfKeys(tls, path, checked, this.#context);
    return { ...listener, tls: withDomains(tls, path, checked, this.#context) };
  }

  upstream(tls: UpstreamTls, at: Path, usedBy: string): void {
    const {
      ca_file: ca,
      client_cert_file: cert,
      client_key_file: key,
      client_key_password_file: password,
    } = tls;
    if (ca !== undefined) this.#authority({ file: ca, path: [...at, 'ca_file'] }, usedBy);
    if (cert === undefined || key === undefined) return;
    const pair: CertificatePair = {
      cert: { file: cert, path: [...at, 'client_cert_file'] },
      key: { file: key, path: [...at, 'client_key_file'] },
      password:
        password === undefined ? undefined : { file: password, path: [...at, 'client_key_password_file'] },
      role: 'client',
    };
    this.#pair(pair, usedBy);
  }

  server(tls: ServerTls, at: Path, usedBy: string): void {
    this.#pair(serverPair(tls, at), usedBy);
    this.#clients(tls, at, usedBy, undefined);
  }

  #pair(pair: CertificatePair, usedBy: string): readonly CertificateFacts[] | undefined {
    const certificates = this.#pairs.check(pair);
    this.uses.add(pair.role, pair.cert.file, certificates ?? [], usedBy);
    return certificates;
  }

  /** @param inherited the authorities of the section around this one */
  #clients(
    { client_ca_file: ca, client_crl_file: crl }: ClientKeys,
    at: Path,
    usedBy: string,
    inherited: readonly CertificateFacts[] | undefined,
  ): readonly CertificateFacts[] | undefined {
    const own =
      ca === undefined ? undefined : this.#authority({ file: ca, path: [...at, 'client_ca_file'] }, usedBy);
    const authorities = own ?? inherited;
    if (crl !== undefined)
      this.#authorities.checkRevocation({ file: crl, path: [...at, 'client_crl_file'] }, authorities);
    return authorities;
  }

  #authority(ca: FileKey, usedBy: string): readonly CertificateFacts[] | undefined {
    const certificates = this.#authorities.check(ca);
    this.uses.add('ca', ca.file, certificates ?? [], usedBy);
    return certificates;
  }
}

function serverPair(
  { cert_file: cert, key_file: key, key_password_file: password }: ServerTls | TlsCertificate,
  at: Path,
): CertificatePair {
  return {
    cert: { file: cert, path: [...at, 'cert_file'] },
    key: { file: key, path: [...at, 'key_file'] },
    password: password === undefined ? undefined : { file: password, path: [...at, 'key_password_file'] },
    role: 'server',
  };
}
