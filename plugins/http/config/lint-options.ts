import type { OptionsLint } from '../../../src/plugin-api/index.ts';
import type { HttpOptions } from './schema/options.generated.ts';
import { takesEverything, unreachableRoutes } from './route-reach.ts';

/** The least max_age that the lists of browsers take. */
const PRELOAD_MS = 365 * 86_400_000;

/** Warns about options that work, but that nobody can want: such as routes that get no request. */
export function lintOptions(options: HttpOptions, context: OptionsLint): void {
  for (const { index, reason } of unreachableRoutes(options)) {
    context.warn(['routes', index], `is never reached: ${reason}`);
    context.unreached(['routes', index, 'upstream']);
  }
  lintOwnUpstream(options, context);
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
function lintOwnUpstream({ routes }: HttpOptions, { listener, unreached }: OptionsLint): void {
  const { upstream } = listener;
  if (upstream === undefined) return;
  const catchAll = routes.find(takesEverything);
  if (catchAll === undefined) return;
  const isSame = upstream === catchAll.upstream;
  unreached('upstream', isSame ? undefined : `the route ${catchAll.name} takes every request`);
}
