import type { Config, Listener } from '../schema/config.generated.ts';
import type { LintContext } from './lint-context.ts';
import { takesEverything, unreachableRoutes } from './route-reach.ts';

/** Whatever is configured gets traffic: upstreams of listeners behind their routes, and backends. */
export function lintUse(context: LintContext): void {
  const { config, warn } = context;
  // A plugin may ask for any upstream, in options that only the plugin knows.
  if (config.listeners.some(({ mode }) => mode !== 'http' && mode !== 'tcp')) return;
  const named = new Set<string>();
  const reached = new Set<string>();
  for (const [index, listener] of config.listeners.entries()) {
    const catchAll = listener.http?.routes.find(takesEverything);
    for (const name of reachedUpstreams(listener)) reached.add(name);
    for (const { upstream } of listener.http?.routes ?? []) named.add(upstream);
    if (listener.upstream === undefined) continue;
    named.add(listener.upstream);
    if (catchAll !== undefined && listener.upstream !== catchAll.upstream) {
      const reason = `the route ${catchAll.name} takes every request`;
      warn(['listeners', index, 'upstream'], `gets nothing: ${reason}`);
    }
  }
  lintIdleBackends(context, named, reached);
}

function reachedUpstreams({ upstream, http }: Listener): string[] {
  if (http === undefined) return upstream === undefined ? [] : [upstream];
  const lost = new Set(unreachableRoutes(http).map(({ route }) => route));
  const routes = http.routes.filter((route) => !lost.has(route));
  const ownUpstream = upstream === undefined || routes.some(takesEverything) ? [] : [upstream];
  return [...routes.map((route) => route.upstream), ...ownUpstream];
}

/** Upstreams that nobody names have a warning of their own. */
function lintIdleBackends(
  { config, warn }: LintContext,
  named: ReadonlySet<string>,
  reached: ReadonlySet<string>,
): void {
  const inUse = new Set(reachedBackends(config, reached));
  for (const [index, { name, backends }] of config.upstreams.entries()) {
    if (!named.has(name) || reached.has(name)) continue;
    for (const [place, backend] of backends.entries()) {
      if (inUse.has(backend.address)) continue;
      warn(['upstreams', index, 'backends', place], 'gets nothing: no request is routed to it');
    }
  }
}

function reachedBackends({ upstreams }: Config, reached: ReadonlySet<string>): string[] {
  return upstreams
    .filter(({ name }) => reached.has(name))
    .flatMap(({ backends }) => backends.map(({ address }) => address));
}
