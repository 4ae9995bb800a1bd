import { isLocalOnly, parseAddress } from '../values/address.ts';
import type { LintContext } from './lint-context.ts';

/** Nobody gets to see or say more than it was meant. Who may use the admin server is checked at every load. */
export function lintExposure({ config, warn }: LintContext): void {
  const { admin, metrics, listeners } = config;
  const isOwn = admin?.listen !== metrics.listen && !isLocalOnly(parseAddress(metrics.listen));
  const isOpen = metrics.allow === undefined || metrics.allow.some((network) => network.endsWith('/0'));
  if (metrics.enabled && isOwn && isOpen) {
    warn(
      ['metrics', 'listen'],
      'shows the metrics over plain HTTP to everybody who reaches it: listen on 127.0.0.1, or on the address of admin.listen with a token and tls, or say in metrics.allow who may ask',
    );
  }
  for (const [index, { http }] of listeners.entries()) {
    for (const [place, network] of (http?.trusted_proxies ?? []).entries()) {
      if (!network.endsWith('/0')) continue;
      const path = ['listeners', index, 'http', 'trusted_proxies', place];
      warn(path, 'trusts everybody: any client can say that it is another one');
    }
  }
}
