import { isLocalOnly, parseAddress } from '../values/address.ts';
import type { LintContext } from './lint-context.ts';

/** The metrics are not shown to everybody by accident. Who may use the admin server is checked at each load. */
export function lintExposure({ config, warn }: LintContext): void {
  const { admin, metrics } = config;
  const isOwn = admin?.listen !== metrics.listen && !isLocalOnly(parseAddress(metrics.listen));
  const isOpen = metrics.allow === undefined || metrics.allow.some((network) => network.endsWith('/0'));
  if (!metrics.enabled || !isOwn || !isOpen) return;
  warn(
    ['metrics', 'listen'],
    'shows the metrics over plain HTTP to everybody who reaches it: listen on 127.0.0.1, or on the address of admin.listen with a token and tls, or say in metrics.allow who may ask',
  );
}
