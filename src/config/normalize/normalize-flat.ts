import { suggestion } from '../problems/closest.ts';
import type { ConfigFile, FileBackend, FlatRoute } from '../schema/config-file.generated.ts';
import type { NormalizeContext } from './normalize-context.ts';
import { DEFAULT_NAME, sharedUpstream, singleListener } from './normalize-single.ts';
import { normalizeBackend } from './normalize-upstream.ts';
import type { Path } from '../problems/problem.ts';

/**
 * Turns a flat file into one listener and one upstream, both named `default`. A route that names some of the backends gets an upstream of
 * its own with the same settings, named `route:` and the route's name.
 */
export function normalizeFlat(file: ConfigFile, context: NormalizeContext): object {
  const backends = file.backends ?? [];
  // The protocol of a plugin may need no backends.
  const { mode = 'http' } = file;
  if (backends.length === 0 && (mode === 'http' || mode === 'tcp'))
    context.warn(['backends'], 'has no backend: nothing can be forwarded');
  const upstreams: object[] = [
    {
      ...sharedUpstream(file, ['upstreams', 0], context),
      name: DEFAULT_NAME,
      backends: backends.map(normalizeBackend),
    },
  ];
  const routes = (file.http?.routes ?? []).map((route, index) => {
    const { backends: names, ...rest } = route;
    const name = route.name ?? `route-${index + 1}`;
    if (names === undefined) return { ...rest, name, upstream: DEFAULT_NAME };
    upstreams.push(routeUpstream(file, { ...route, name }, index, upstreams.length, context));
    context.provenance.set(
      ['listeners', 0, 'http', 'routes', index, 'upstream'],
      [...routeAt(index), 'backends'],
    );
    return { ...rest, name, upstream: routeUpstreamName(name) };
  });
  const listener = { ...singleListener(file, routes, context), upstream: DEFAULT_NAME };
  context.provenance.set(['listeners', 0, 'upstream'], ['backends']);
  return { listeners: [listener], upstreams };
}

/** The name of the upstream that is made for one route of a flat or gateway file. */
export function routeUpstreamName(route: string): string {
  return `route:${route}`;
}

function routeUpstream(
  file: ConfigFile,
  route: FlatRoute & { readonly name: string },
  routeIndex: number,
  upstreamIndex: number,
  context: NormalizeContext,
): object {
  const at: Path = ['upstreams', upstreamIndex];
  const all = file.backends ?? [];
  const shared = sharedUpstream(file, at, context);
  context.provenance.set([...at, 'name'], [...routeAt(routeIndex), 'name']);
  context.provenance.set([...at, 'backends'], [...routeAt(routeIndex), 'backends']);
  const backends: object[] = [];
  for (const [index, name] of (route.backends ?? []).entries()) {
    const backendIndex = all.findIndex((backend) => nameOf(backend) === name);
    const backend = all[backendIndex];
    if (backend === undefined) {
      const path = [...routeAt(routeIndex), 'backends', index];
      const hint = suggestion(name, all.map(nameOf));
      context.error(path, `names the backend ${context.shown(path, name)}, which does not exist${hint}`);
      continue;
    }
    context.provenance.set([...at, 'backends', backends.length], ['backends', backendIndex]);
    backends.push(normalizeBackend(backend));
  }
  return { ...shared, name: routeUpstreamName(route.name), backends };
}

function nameOf(backend: FileBackend): string {
  return backend.name ?? backend.address;
}

function routeAt(index: number): Path {
  return ['http', 'routes', index];
}
