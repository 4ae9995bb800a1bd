import type { Path } from '../problems/problem.ts';
import type { FileCertificate, FileListenerTls, FlatTls } from '../schema/config-file.generated.ts';
import { DEFAULT_CIPHER_SUITES, isTls13Suite, parseCipherSuite } from '../values/tls/cipher-suite.ts';
import type { NormalizeContext } from './normalize-context.ts';
import { withoutKeys } from './pick-keys.ts';
import type { SniUpstreams } from './sni-upstreams.ts';

/** Where a `tls` section stands: its listener in the config, and the section in the file. */
export interface TlsPlace {
  readonly listener: Path;
  readonly inFile: Path;
  readonly mode: string;
}

/** The keys that say what a listener does with TLS. A flat section without any of them is only about backends. */
const ROLES = ['cert_file', 'key_file', 'key_password_file', 'certificates', 'sni'] as const;

/** The keys of a file that are in another form after the load. */
const OF_THE_FILE = ['enabled', 'backend', ...ROLES];

/** The `tls` of a listener, as a part of it; empty when it has no TLS. */
export function listenerTls(
  given: FileListenerTls | FlatTls | undefined,
  place: TlsPlace,
  upstreams: SniUpstreams,
  context: NormalizeContext,
): { readonly tls?: object } {
  if (given === undefined || given.enabled === false || isAboutBackends(given)) return {};
  const { inFile, mode } = place;
  if (!ROLES.some((key) => given[key] !== undefined)) {
    context.error(inFile, 'must have cert_file and key_file, certificates or sni');
    return {};
  }
  const at: Path = [...place.listener, 'tls'];
  context.provenance.set(at, inFile);
  const { sni } = given;
  return {
    tls: {
      ...withoutKeys(given, OF_THE_FILE),
      ...cipherSuites(given.cipher_suites),
      ...alpnProtocols(given.alpn_protocols, mode, inFile, context),
      certificates: certificates(given, at, inFile, context),
      ...(sni === undefined ? {} : { sni: upstreams.routing(sni, [...at, 'sni'], [...inFile, 'sni']) }),
    },
  };
}

/** A list of cipher suites, with the defaults of a version that it names no suite of. */
export function cipherSuites(given: readonly string[] | undefined): { readonly cipher_suites?: object } {
  if (given === undefined) return {};
  const has13 = given.some((name) => isTls13Suite(parseCipherSuite(name)));
  const has12 = given.some((name) => !isTls13Suite(parseCipherSuite(name)));
  const added = DEFAULT_CIPHER_SUITES.filter((name) => (isTls13Suite(name) ? !has13 : !has12));
  return { cipher_suites: [...given, ...added] };
}

function isAboutBackends(given: FileListenerTls | FlatTls): boolean {
  return 'backend' in given && Object.keys(given).every((key) => key === 'backend');
}

/** The protocols that a listener offers. HTTP/2 is not there yet. */
function alpnProtocols(
  given: readonly string[] | undefined,
  mode: string,
  inFile: Path,
  context: NormalizeContext,
): { readonly alpn_protocols?: readonly string[] } {
  if (mode !== 'http') return given === undefined ? {} : { alpn_protocols: given };
  if (given === undefined) return { alpn_protocols: ['http/1.1'] };
  const at = given.indexOf('h2');
  if (at >= 0)
    context.warn(
      [...inFile, 'alpn_protocols', at],
      'is not offered until the proxy speaks HTTP/2: h2 is left out',
    );
  return { alpn_protocols: given.filter((name) => name !== 'h2') };
}

/** All certificates, that of `cert_file` first. One of them is the default: the first one, unless the file says another. */
function certificates(
  given: FileListenerTls | FlatTls,
  at: Path,
  inFile: Path,
  { provenance }: NormalizeContext,
): readonly object[] {
  const { cert_file, key_file, key_password_file } = given;
  const list: FileCertificate[] = [];
  if (cert_file !== undefined && key_file !== undefined) {
    provenance.set([...at, 'certificates', 0], inFile);
    list.push({ cert_file, key_file, ...(key_password_file === undefined ? {} : { key_password_file }) });
    for (const key of ['domains', 'client_auth', 'client_ca_file', 'client_crl_file'])
      provenance.set([...at, 'certificates', 0, key], [...inFile, 'cert_file']);
  }
  for (const [index, certificate] of (given.certificates ?? []).entries()) {
    provenance.set([...at, 'certificates', list.length], [...inFile, 'certificates', index]);
    list.push(certificate);
  }
  const [first, ...others] = list;
  if (first === undefined || list.some((one) => one.default === true)) return list;
  return [{ ...first, default: true }, ...others];
}
