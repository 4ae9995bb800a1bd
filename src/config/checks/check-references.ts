import { suggestion } from '../problems/closest.ts';
import type { Path } from '../problems/problem.ts';
import type { CheckContext } from './check-context.ts';

/** What is referred to exists, and what exists is referred to. */
export function checkReferences(context: CheckContext): void {
  const { listeners, upstreams } = context.config;
  const names = upstreams.map((upstream) => upstream.name);
  const used = new Set<string>();
  const refer = (name: string, path: Path): void => {
    used.add(name);
    if (names.includes(name)) return;
    const known = names.length === 0 ? '; there are no upstreams' : suggestion(name, names);
    context.error(path, `names the upstream ${context.shown(path, name)}, which does not exist${known}`);
  };
  for (const [index, { mode, upstream, http }] of listeners.entries()) {
    if (upstream !== undefined) refer(upstream, ['listeners', index, 'upstream']);
    else if (mode === 'tcp') context.error(['listeners', index], 'must have the key upstream in mode tcp');
    else if (http?.routes.length === 0) {
      context.warn(['listeners', index], 'has neither upstream nor routes: every request gets 404');
    }
    for (const [routeIndex, route] of (http?.routes ?? []).entries()) {
      refer(route.upstream, ['listeners', index, 'http', 'routes', routeIndex, 'upstream']);
    }
  }
  // A plugin may ask for any upstream, in options that only the plugin knows.
  if (listeners.some(({ mode }) => mode !== 'http' && mode !== 'tcp')) return;
  for (const [index, { name }] of upstreams.entries()) {
    if (!used.has(name)) context.warn(['upstreams', index, 'name'], 'is used by no listener and no route');
  }
}
