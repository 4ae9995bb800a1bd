import type { OptionsLint } from '../../../src/plugin-api/index.ts';
import type { HttpOptions } from './schema/options.generated.ts';
import { takesEverything, unreachableRoutes } from './route-reach.ts';

/** Warns about options that work, but that nobody can want: routes that get no request, and trust in every client. */
export function lintOptions(options: HttpOptions, context: OptionsLint): void {
  for (const { index, reason } of unreachableRoutes(options)) {
    context.warn(['routes', index], `is never reached: ${reason}`);
    context.unreached(['routes', index, 'upstream']);
  }
  lintOwnUpstream(options, context);
  for (const [index, network] of options.trusted_proxies.entries())
    if (network.endsWith('/0'))
      context.warn(['trusted_proxies', index], 'trusts everybody: any client can claim any address');
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
