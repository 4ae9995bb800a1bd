import type { ConfigFile, GatewayRoute } from '../schema/config-file.generated.ts';
import type { NormalizeContext } from './normalize-context.ts';
import { routeMirror } from './normalize-mirror.ts';
import { routeUpstreamName } from './normalize-flat.ts';
import { sharedUpstream, singleListener } from './normalize-single.ts';
import { normalizeBackend } from './normalize-upstream.ts';
import type { Path } from '../problems/problem.ts';
import { withoutKeys } from './pick-keys.ts';

/**
 * Turns a gateway file into one listener without an upstream of its own and, for each route with backends, an upstream named `route:` and
 * the name of the route, which is its path if it has no other.
 */
export function normalizeGateway(file: ConfigFile, context: NormalizeContext): object {
  const upstreams: object[] = [];
  const routes = (file.routes ?? []).map((given, index) => {
    const { path, backends, mirror } = given;
    const name = given.name ?? path ?? `route-${index + 1}`;
    const at: Path = ['listeners', 0, 'http', 'routes', index];
    const from: Path = ['routes', index];
    context.provenance.set(at, from);
    if (given.name === undefined) context.provenance.set([...at, 'name'], [...from, 'path']);
    context.provenance.set([...at, 'path_prefix'], [...from, 'path']);
    context.provenance.set([...at, 'upstream'], [...from, 'backends']);
    const prefix = path === undefined ? {} : { path_prefix: path };
    const shared = { ...withoutKeys(given, ['path', 'strategy', 'backends', 'mirror']), name, ...prefix };
    const copied = (): object => routeMirror(mirror, { name, index, at: from }, file, upstreams, context);
    if (backends === undefined) return { ...shared, ...copied() };
    upstreams.push(routeUpstream(file, given, name, { from, at: ['upstreams', upstreams.length] }, context));
    return { ...shared, upstream: routeUpstreamName(name), ...copied() };
  });
  return { listeners: [singleListener(file, routes, upstreams, context)], upstreams };
}

function routeUpstream(
  file: ConfigFile,
  { backends = [], strategy, name: given }: GatewayRoute,
  name: string,
  { from, at }: { readonly from: Path; readonly at: Path },
  context: NormalizeContext,
): object {
  const pathOf = (backend: number): Path => [...from, 'backends', backend];
  const shared = sharedUpstream(file, at, { addresses: backends, pathOf }, context);
  const algorithm = strategy === undefined ? {} : { algorithm: strategy };
  if (strategy !== undefined)
    context.provenance.set([...at, 'load_balancer', 'algorithm'], [...from, 'strategy']);
  if (backends.length === 0) context.warn([...from, 'backends'], 'has no backend: nothing can be forwarded');
  context.provenance.set([...at, 'name'], [...from, given === undefined ? 'path' : 'name']);
  context.provenance.set([...at, 'backends'], [...from, 'backends']);
  for (const backend of backends.keys())
    for (const key of ['name', 'address'])
      context.provenance.set([...at, 'backends', backend, key], [...from, 'backends', backend]);
  return {
    ...shared,
    load_balancer: { ...file.load_balancer, ...algorithm },
    name: routeUpstreamName(name),
    backends: backends.map((address) => normalizeBackend({ address })),
  };
}
