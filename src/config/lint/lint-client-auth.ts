import { optionsOf } from '../options/listener-options.ts';
import type { Path } from '../problems/problem.ts';
import type { Listener, ListenerTls } from '../schema/config.generated.ts';
import type { LintContext } from './lint-context.ts';

const MESSAGE =
  'lets in every client that shows a certificate, also one that it made itself: write require-and-verify, with client_ca_file';

/** Certificates of clients that nobody verifies keep nobody out. */
export function lintClientAuth({ config, warn }: LintContext): void {
  for (const [index, listener] of config.listeners.entries()) {
    const { tls } = listener;
    if (tls === undefined || showsCertificates(listener)) continue;
    for (const path of unverified(tls)) warn(['listeners', index, 'tls', ...path], MESSAGE);
  }
}

function unverified({ client_auth: auth, client_ca_file: ca, certificates }: ListenerTls): Path[] {
  // With authorities that are not used, the load itself warns.
  const own: Path[] = auth === 'require' && ca === undefined ? [['client_auth']] : [];
  const others = certificates.flatMap((certificate, index): Path[] =>
    certificate.client_auth === 'require' && certificate.client_ca_file === undefined
      ? [['certificates', index, 'client_auth']]
      : [],
  );
  return [...own, ...others];
}

/** Whether the backends see the certificates, so that they may verify them. */
function showsCertificates(listener: Listener): boolean {
  const options = optionsOf(listener);
  return typeof options === 'object' && options !== null && 'client_certificate_headers' in options;
}
