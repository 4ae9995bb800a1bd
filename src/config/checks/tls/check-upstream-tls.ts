import type { Path } from '../../problems/problem.ts';
import type { Upstream } from '../../schema/config.generated.ts';
import { parseAddress } from '../../values/address.ts';
import type { CheckContext } from '../check-context.ts';
import { checkProtocol } from './check-cipher-suites.ts';

/** The settings of TLS to the backends of each upstream fit together. */
export function checkUpstreamTls(context: CheckContext): void {
  for (const [index, upstream] of context.config.upstreams.entries()) {
    const at: Path = ['upstreams', index];
    const check = upstream.health_check;
    if (upstream.tls === undefined) continue;
    checkProtocol(upstream.tls, [...at, 'tls'], context);
    checkVerification(upstream, at, context);
    if (check?.type === 'http' && check.enabled)
      context.warn(
        [...at, 'health_check', 'type'],
        'asks in plain text, although the backends are used with TLS: write https',
      );
  }
}

function checkVerification({ tls, backends }: Upstream, at: Path, context: CheckContext): void {
  if (tls === undefined) return;
  const { warn, error } = context;
  const path: Path = [...at, 'tls'];
  if (tls.insecure_skip_verify) {
    warn(
      [...path, 'insecure_skip_verify'],
      'is true, so the certificates of the backends are not verified: anyone in between can read and change the traffic',
    );
    if (tls.ca_file !== undefined)
      warn([...path, 'ca_file'], 'has no effect while insecure_skip_verify is true');
    return;
  }
  if (tls.server_name !== undefined) return;
  for (const [index, { address }] of backends.entries()) {
    if (parseAddress(address).kind !== 'unix') continue;
    const text = 'is a unix socket, which has no name that a certificate could have: set tls.server_name';
    error([...at, 'backends', index, 'address'], text);
    return;
  }
}
