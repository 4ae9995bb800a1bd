import type { Path } from '../../problems/problem.ts';
import type { ListenerTls, TlsCertificate } from '../../schema/config.generated.ts';
import type { CheckContext } from '../check-context.ts';
import { checkProtocol } from './check-cipher-suites.ts';

/** The settings of TLS of each listener, and of the proxy's own servers, fit together. Certificates are checked when their files are read. */
export function checkListenerTls(context: CheckContext): void {
  const { listeners, admin, metrics } = context.config;
  for (const [index, { tls, mode }] of listeners.entries()) {
    if (tls === undefined) continue;
    const at: Path = ['listeners', index, 'tls'];
    checkProtocol(tls, at, context);
    checkClientAuth(tls, undefined, at, context);
    for (const [place, certificate] of tls.certificates.entries())
      checkClientAuth(certificate, tls, [...at, 'certificates', place], context);
    if (mode === 'tcp' && tls.sni?.idle_timeout !== undefined)
      context.warn([...at, 'sni', 'idle_timeout'], 'has no effect in mode: tcp: set tcp.timeouts.idle');
    if (tls.certificates.length > 0) continue;
    warnOfUnusedKeys(at, context);
    if (mode !== 'tcp')
      context.warn(
        [...at, 'sni'],
        `passes all connections on undecrypted, so mode: ${mode} does nothing here: write mode: tcp, or give the listener a certificate`,
      );
  }
  if (metrics.tls === undefined) return;
  const isShared = metrics.listener !== undefined || metrics.listen === admin?.listen;
  if (isShared) context.warn(['metrics', 'tls'], 'has no effect: the metrics have no server of their own');
}

type ClientKeys = Pick<TlsCertificate, 'client_auth' | 'client_ca_file' | 'client_crl_file'>;

/** @param around the listener's own settings, for a certificate; what the certificate does not say is taken from there */
function checkClientAuth(
  keys: ClientKeys,
  around: ListenerTls | undefined,
  at: Path,
  { error, warn }: CheckContext,
): void {
  const auth = keys.client_auth ?? around?.client_auth;
  const ca = keys.client_ca_file ?? around?.client_ca_file;
  const verifies = auth === 'verify' || auth === 'require-and-verify';
  if (keys.client_auth !== undefined && verifies && ca === undefined)
    error(
      [...at, 'client_auth'],
      `needs client_ca_file beside it: ${auth} verifies against these authorities`,
    );
  if (keys.client_crl_file !== undefined && ca === undefined)
    error(
      [...at, 'client_crl_file'],
      'needs client_ca_file beside it, with the authorities that the list is of',
    );
  // A certificate may verify clients although the listener does not.
  if (verifies || around === undefined) {
    warnOfUnusedAuthorities(keys, around, auth, at, warn);
    return;
  }
  if (keys.client_ca_file !== undefined) warn([...at, 'client_ca_file'], unusedAuthoritiesText(auth));
}

function warnOfUnusedAuthorities(
  keys: ClientKeys & { readonly certificates?: readonly TlsCertificate[] },
  around: ListenerTls | undefined,
  auth: string | undefined,
  at: Path,
  warn: CheckContext['warn'],
): void {
  if (around !== undefined || keys.client_ca_file === undefined) return;
  const all = [auth, ...(keys.certificates ?? []).map(({ client_auth: own }) => own)];
  if (all.some((one) => one === 'verify' || one === 'require-and-verify')) return;
  warn([...at, 'client_ca_file'], unusedAuthoritiesText(auth));
}

function unusedAuthoritiesText(auth = 'none'): string {
  const meant = auth === 'request' ? 'verify' : 'require-and-verify';
  return `has no effect with client_auth: ${auth}, which verifies nothing: write client_auth: ${meant}`;
}

/** Keys about decrypting, where nothing is decrypted. */
const OF_CERTIFICATES = [
  'min_version',
  'max_version',
  'cipher_suites',
  'curves',
  'prefer_server_cipher_suites',
  'session_tickets_disabled',
  'alpn_protocols',
  'client_auth',
  'client_ca_file',
  'client_crl_file',
  'strict_sni',
] as const;

function warnOfUnusedKeys(at: Path, { given, warn }: CheckContext): void {
  for (const key of OF_CERTIFICATES)
    if (given([...at, key]))
      warn([...at, key], 'has no effect without a certificate: nothing is decrypted here');
}
