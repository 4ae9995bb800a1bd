import type { ConfigFile } from '../schema/config-file.generated.ts';
import type { NormalizeContext } from './normalize-context.ts';
import { routeUpstreamName } from './normalize-flat.ts';
import { sharedUpstream, singleListener } from './normalize-single.ts';
import { normalizeBackend } from './normalize-upstream.ts';
import type { Path } from '../problems/problem.ts';

/** Turns a gateway file into one listener without an upstream of its own and, for each path, a route with an upstream named `route:` and the path. */
export function normalizeGateway(file: ConfigFile, context: NormalizeContext): object {
  const upstreams: object[] = [];
  const routes: object[] = [];
  for (const [index, route] of (file.routes ?? []).entries()) {
    const from: Path = ['routes', index];
    const at: Path = ['upstreams', index];
    const pathOf = (backend: number): Path => [...from, 'backends', backend];
    const shared = sharedUpstream(file, at, { addresses: route.backends, pathOf }, context);
    const algorithm = route.strategy === undefined ? {} : { algorithm: route.strategy };
    if (route.strategy !== undefined) {
      context.provenance.set([...at, 'load_balancer', 'algorithm'], [...from, 'strategy']);
    }
    if (route.backends.length === 0) {
      context.warn([...from, 'backends'], 'has no backend: nothing can be forwarded');
    }
    upstreams.push({
      ...shared,
      load_balancer: { ...file.load_balancer, ...algorithm },
      name: routeUpstreamName(route.path),
      backends: route.backends.map((address) => normalizeBackend({ address })),
    });
    context.provenance.set([...at, 'name'], [...from, 'path']);
    context.provenance.set([...at, 'backends'], [...from, 'backends']);
    for (const backend of route.backends.keys()) {
      for (const key of ['name', 'address']) {
        context.provenance.set([...at, 'backends', backend, key], [...from, 'backends', backend]);
      }
    }
    routes.push({ name: route.path, path_prefix: route.path, upstream: routeUpstreamName(route.path) });
    const routeAt: Path = ['listeners', 0, 'http', 'routes', index];
    context.provenance.set(routeAt, from);
    for (const key of ['name', 'path_prefix']) context.provenance.set([...routeAt, key], [...from, 'path']);
    context.provenance.set([...routeAt, 'upstream'], [...from, 'backends']);
  }
  return { listeners: [singleListener(file, routes, upstreams, context)], upstreams };
}
