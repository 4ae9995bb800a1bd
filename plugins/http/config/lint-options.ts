import type { OptionsLint } from '../../../src/plugin-api/index.ts';
import type { HttpOptions, Route } from './schema/options.generated.ts';
import { takesEverything, unreachableRoutes } from './route-reach.ts';

/** The least max_age that the lists of browsers take. */
const PRELOAD_MS = 365 * 86_400_000;

/** Warns about options that work, but that nobody can want: such as routes that get no request. */
export function lintOptions(options: HttpOptions, context: OptionsLint): void {
  for (const { index, reason } of unreachableRoutes(options)) {
    context.warn(['routes', index], `is never reached: ${reason}`);
    context.unreached(['routes', index, 'upstream']);
    for (const side of options.routes[index]?.split?.keys() ?? [])
      context.unreached(['routes', index, 'split', side, 'upstream']);
  }
  lintOwnUpstream(options, context);
  lintUnknownHosts(options, context);
  lintPreload(options, context);
  if (options.client_certificate_headers !== undefined && context.listener.tls?.asksForCertificates !== true)
    context.warn(
      ['client_certificate_headers'],
      'only removes these headers: this listener asks no client for a certificate (client_auth)',
    );
}

/** Reports a host that the lists of browsers do not take. Source: https://hstspreload.org. */
function lintPreload({ hsts }: HttpOptions, { warn }: OptionsLint): void {
  if (typeof hsts !== 'object' || !hsts.preload) return;
  const { max_age: maxAgeMs, include_subdomains: below } = hsts;
  if (!below || maxAgeMs < PRELOAD_MS)
    warn(
      ['hsts', 'preload'],
      'has no effect: the lists of browsers also want include_subdomains and a max_age of at least 365d',
    );
}

/** Reports the listener's own upstream when a route takes every request, because it only gets what no route takes. */
function lintOwnUpstream(
  { routes, default: action }: HttpOptions,
  { listener, unreached }: OptionsLint,
): void {
  const { upstream } = listener;
  if (upstream === undefined) return;
  if (action !== undefined) {
    unreached('upstream');
    return;
  }
  const catchAll = routes.find(takesEverything);
  if (catchAll === undefined) return;
  const isSame = upstream === catchAll.upstream;
  unreached('upstream', isSame ? undefined : `the route ${catchAll.name} takes every request`);
}

/** Reports backends that are named for certain hosts, and that also get the requests for all other hosts. */
function lintUnknownHosts(
  { routes, default: action }: HttpOptions,
  { listener: { upstream }, warn }: OptionsLint,
): void {
  if (upstream === undefined || action !== undefined || routes.some(takesEverything)) return;
  const named = routes.find(
    (route) =>
      (route.host ?? route.hosts) !== undefined &&
      upstreamsOf(route).some((name) => isPartOf(name, upstream)),
  );
  if (named !== undefined)
    warn(
      'upstream',
      `also gets requests for hosts that no route names, as the route ${named.name} does for its own: http.default: 404 refuses them`,
    );
}

function upstreamsOf({ upstream, split = [] }: Route): string[] {
  return [...(upstream === undefined ? [] : [upstream]), ...split.map(({ upstream: name }) => name)];
}

/** Whether the backends of an upstream are among those of a listener's own. Upstreams of a flat file are made of its backends. */
function isPartOf(name: string, own: string): boolean {
  return name === own || (own === 'default' && name.startsWith('route:'));
}
