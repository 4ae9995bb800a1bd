import type { CertificateFacts } from '../../certificates/certificate-facts.ts';
import { clientAuthOf } from '../../certificates/client-auth-of.ts';
import type { Path } from '../../problems/problem.ts';
import type { ListenerTls, TlsCertificate } from '../../schema/config.generated.ts';
import { nameMatches } from '../../values/tls/tls-name.ts';
import type { CertificateCheckContext } from './certificate-check-context.ts';

/** A certificate of a listener, with what its file holds; undefined when it can't be used, which is reported already. */
export interface CheckedCertificate {
  readonly certificate: TlsCertificate;
  readonly path: Path;
  readonly facts: CertificateFacts | undefined;
}

type Context = Pick<CertificateCheckContext, 'error' | 'warn' | 'shown' | 'contentOf'>;

/** Who serves a name with a key of one kind. */
interface Taken {
  readonly checked: CheckedCertificate;
  readonly isGiven: boolean;
}

/**
 * Fills in the names of certificates for which the config gives none, and checks that all names of a listener go together.
 *
 * @param at the `tls` of the listener in the config
 */
export function withDomains(
  tls: ListenerTls,
  at: Path,
  checked: readonly CheckedCertificate[],
  context: Context,
): ListenerTls {
  const taken = new Map<string, Taken>();
  const certificates = checked.map((one) => ({
    ...one.certificate,
    domains: domainsOf(one, taken, context),
  }));
  checkDefaults(checked, context);
  checkPolicies(tls, checked, certificates, context);
  checkRoutes(tls, at, certificates, context);
  return { ...tls, certificates };
}

function domainsOf(
  checked: CheckedCertificate,
  taken: Map<string, Taken>,
  context: Context,
): readonly string[] {
  const { certificate, path, facts } = checked;
  const { domains: given } = certificate;
  if (facts === undefined) return given;
  const isGiven = given.length > 0;
  if (isGiven) checkGivenDomains(checked, facts, context);
  const domains = isGiven ? given : facts.names;
  if (domains.length === 0 && !certificate.default) {
    const text = `names the file ${context.shown([...path, 'cert_file'], certificate.cert_file)}, which holds a certificate without names: say in domains what it is for`;
    context.warn([...path, 'cert_file'], text);
  }
  return domains.filter((name, index) => {
    const key = `${facts.keyKind} ${name}`;
    const first = taken.get(key);
    if (first === undefined) taken.set(key, { checked, isGiven });
    else reportTwice({ name, index, checked, isGiven, first }, context);
    return first === undefined;
  });
}

function checkGivenDomains(
  { certificate: { domains }, path }: CheckedCertificate,
  { names }: CertificateFacts,
  { warn, shown }: Context,
): void {
  for (const [index, domain] of domains.entries()) {
    if (names.some((name) => nameMatches(name, domain))) continue;
    const at = [...path, 'domains', index];
    const has = names.length === 0 ? 'it has no names' : `it is for ${listOf(names)}`;
    warn(
      at,
      `is ${shown(at, domain)}, which the certificate is not for (${has}): clients refuse it for that name`,
    );
  }
}

/** Names that the config gives must be served by one certificate. Names that two files happen to have are served by the first one. */
function reportTwice(
  twice: {
    readonly name: string;
    readonly index: number;
    readonly checked: CheckedCertificate;
    readonly isGiven: boolean;
    readonly first: Taken;
  },
  context: Context,
): void {
  const { name, index, checked, isGiven, first } = twice;
  const { certificate, path } = first.checked;
  const other = context.shown([...path, 'cert_file'], certificate.cert_file);
  if (first.checked === checked) return;
  if (isGiven && first.isGiven) {
    const at = [...checked.path, 'domains', index];
    context.error(
      at,
      `is ${context.shown(at, name)}, which the certificate ${other} of this listener serves already, with a key of the same kind`,
    );
    return;
  }
  const at = [...checked.path, isGiven ? 'domains' : 'cert_file'];
  context.warn(
    at,
    `is for ${name} too, which the certificate ${other} of this listener serves: that one is used`,
  );
}

/** One default, or one with an RSA key and one with an ECDSA key. */
function checkDefaults(checked: readonly CheckedCertificate[], { error, shown }: Context): void {
  const seen = new Map<string, CheckedCertificate>();
  for (const one of checked) {
    if (!one.certificate.default) continue;
    const kind = one.facts?.keyKind ?? 'unknown';
    const first = seen.get(kind);
    if (first === undefined) seen.set(kind, one);
    else {
      const other = shown([...first.path, 'cert_file'], first.certificate.cert_file);
      error([...one.path, 'default'], `is true, but ${other} of this listener is the default already`);
    }
  }
}

/** All certificates of a name, and all defaults, ask the same of clients: which one a client gets depends on the keys that it takes. */
function checkPolicies(
  tls: ListenerTls,
  checked: readonly CheckedCertificate[],
  certificates: readonly TlsCertificate[],
  { error, shown, contentOf }: Context,
): void {
  const policyOf = (certificate: TlsCertificate): string => {
    const { mode, caFile = '', crlFile = '' } = clientAuthOf(certificate, tls);
    return mode === 'none' ? mode : JSON.stringify([mode, contentOf(caFile), contentOf(crlFile)]);
  };
  const seen = new Map<string, { readonly policy: string; readonly one: CheckedCertificate }>();
  for (const [index, one] of checked.entries()) {
    const { domains, default: isDefault } = certificates[index] ?? one.certificate;
    const policy = policyOf(one.certificate);
    for (const name of isDefault ? [...domains, ''] : domains) {
      const first = seen.get(name);
      if (first === undefined) seen.set(name, { policy, one });
      if (first === undefined || first.policy === policy) continue;
      const other = shown([...first.one.path, 'cert_file'], first.one.certificate.cert_file);
      const what = name === '' ? 'is a default' : `is for ${name}`;
      error(
        [...one.path, 'cert_file'],
        `${what}, as the certificate ${other} of this listener is, but has other rules for clients: give both the same client_auth, client_ca_file and client_crl_file`,
      );
      break;
    }
  }
}

/** A name that is passed on never gets to the certificates. */
function checkRoutes(
  { sni }: ListenerTls,
  at: Path,
  certificates: readonly TlsCertificate[],
  { warn }: Context,
): void {
  for (const [index, { name }] of (sni?.routes ?? []).entries()) {
    if (!certificates.some(({ domains }) => domains.includes(name))) continue;
    const path = [...at, 'sni', 'routes', index, 'name'];
    warn(path, 'is passed on undecrypted, so the certificate of the same name is not used for it');
  }
}

function listOf(names: readonly string[]): string {
  const [first = '', second, ...more] = names;
  if (second === undefined) return first;
  return more.length === 0 ? `${first} and ${second}` : `${first}, ${second} and ${more.length} more`;
}
