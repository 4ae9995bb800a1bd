import type { Path } from '../problems/problem.ts';
import type { LintContext } from './lint-context.ts';

/** What is passed on undecrypted is encrypted already. */
export function lintSni({ config, warn }: LintContext): void {
  const overTls = new Set(config.upstreams.flatMap(({ name, tls }) => (tls === undefined ? [] : [name])));
  for (const [index, { tls, upstream }] of config.listeners.entries()) {
    const { sni, certificates = [] } = tls ?? {};
    if (sni === undefined) continue;
    const warnOf = (path: Path, name: string | undefined): void => {
      if (name === undefined || !overTls.has(name)) return;
      const at: Path = ['listeners', index, ...path];
      warn(
        at,
        `passes TLS of clients on undecrypted to the upstream ${name}, which wraps it in a second TLS: use one without tls`,
      );
    };
    for (const [place, route] of sni.routes.entries())
      warnOf(['tls', 'sni', 'routes', place, 'upstream'], route.upstream);
    if (sni.default !== undefined) warnOf(['tls', 'sni', 'default'], sni.default);
    else if (certificates.length === 0) warnOf(['upstream'], upstream);
  }
}
