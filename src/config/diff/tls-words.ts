import { clientAuthWords } from '../certificates/client-auth-words.ts';
import type { ListenerTls, SniRoute, TlsCertificate, UpstreamTls } from '../schema/config.generated.ts';
import { firstOf } from './change-words.ts';

/** A certificate of a listener that came or went. */
export function certificateWords(
  kind: 'added' | 'removed',
  { domains, default: isDefault }: TlsCertificate,
): string {
  const names = domains.length === 0 ? '' : `: ${kind === 'added' ? 'for' : 'was for'} ${firstOf(domains)}`;
  return `${kind}${names}${isDefault ? ' and as the default' : ''}`;
}

/** A name that is passed on, or no longer. */
export function routeWords(kind: 'added' | 'removed', { name, upstream }: SniRoute): string {
  return kind === 'added'
    ? `is now passed on undecrypted, to ${targetWords(name, upstream)}`
    : `is no longer passed on (went to ${targetWords(name, upstream)})`;
}

/** A name that is passed on to another upstream. */
export function newTargetWords(before: SniRoute, { name, upstream }: SniRoute): string {
  return `now goes to ${targetWords(name, upstream)} (went to ${targetWords(before.name, before.upstream)})`;
}

/** The upstream of names that have no route is another one now, or there is none any more. */
export function defaultRouteWords(before: string | undefined, after: string | undefined): string {
  const now =
    after === undefined ? 'are no longer passed on by tls.sni.default' : `now go to upstream ${after}`;
  return `names without a route ${now}${before === undefined ? '' : ` (went to upstream ${before})`}`;
}

/** TLS with clients, all of it. */
export function listenerTlsWords({ certificates, sni, client_auth, client_ca_file }: ListenerTls): string {
  const files = certificates.map(({ cert_file: file, domains }) => `${file} for ${firstOf(domains)}`);
  const routes = (sni?.routes ?? []).map(({ name, upstream }) => `${name} to ${targetWords(name, upstream)}`);
  const rule = { mode: client_auth, caFile: client_ca_file, crlFile: undefined };
  return [
    ...(files.length === 0 ? [] : [`decrypts with ${firstOf(files)}`]),
    ...(client_auth === 'none' ? [] : [clientAuthWords(rule)]),
    ...(routes.length === 0 ? [] : [`passes on ${firstOf(routes)}`]),
    ...(sni?.default === undefined ? [] : [`passes all other names on to upstream ${sni.default}`]),
  ].join('; ');
}

/** TLS with backends, all of it. */
export function upstreamTlsWords(tls: UpstreamTls): string {
  const { server_name: name = 'the host of their address', ca_file, client_cert_file } = tls;
  const trusted =
    ca_file === undefined ? 'an authority that the runtime trusts' : `an authority of ${ca_file}`;
  return [
    tls.insecure_skip_verify
      ? 'the certificates of backends are not verified'
      : `backends must show a certificate for ${name} that ${trusted} signed`,
    ...(client_cert_file === undefined ? [] : [`they are shown the certificate ${client_cert_file}`]),
  ].join('; ');
}

/** A route that lists addresses has an upstream of its own, whose name says no more than the route's. */
function targetWords(name: string, upstream: string): string {
  return upstream === `sni:${name}` ? 'the addresses of its route' : `upstream ${upstream}`;
}
