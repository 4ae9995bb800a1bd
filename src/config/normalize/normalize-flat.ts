import { suggestion } from '../problems/closest.ts';
import type { ConfigFile, FileBackend, FlatRoute } from '../schema/config-file.generated.ts';
import type { NormalizeContext } from './normalize-context.ts';
import { DEFAULT_NAME, sharedUpstream, singleListener } from './normalize-single.ts';
import { routeMirror } from './normalize-mirror.ts';
import type { WrittenBackends } from './normalize-upstream-tls.ts';
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
  const passesAll = file.tls?.sni !== undefined && file.tls.enabled !== false;
  if (backends.length === 0 && (mode === 'http' || mode === 'tcp') && !passesAll)
    context.warn(['backends'], 'has no backend: nothing can be forwarded');
  const upstreams: object[] = [
    {
      ...sharedUpstream(file, ['upstreams', 0], writtenBackends(backends), context),
      name: DEFAULT_NAME,
      backends: backends.map(normalizeBackend),
    },
  ];
  const routes = (file.http?.routes ?? []).map((route, index) => {
    const { backends: names, split, mirror, ...rest } = route;
    const name = route.name ?? `route-${index + 1}`;
    const at: Path = ['listeners', 0, 'http', 'routes', index];
    const add = (group: readonly string[], upstream: string, from: Path): string => {
      upstreams.push(groupUpstream(file, { names: group, upstream, from }, index, upstreams.length, context));
      return upstream;
    };
    const sides = split?.map(({ backends, ...side }, place) => {
      const from: Path = [...routeAt(index), 'split', place, 'backends'];
      context.provenance.set([...at, 'split', place, 'upstream'], from);
      return { ...side, upstream: add(backends, `${routeUpstreamName(name)}:${backends.join('+')}`, from) };
    });
    const copied = routeMirror(mirror, { name, index, at: routeAt(index) }, file, upstreams, context);
    const shared = { ...rest, name, ...(sides === undefined ? {} : { split: sides }), ...copied };
    if (names === undefined) return isSettled(route) ? shared : { ...shared, upstream: DEFAULT_NAME };
    context.provenance.set([...at, 'upstream'], [...routeAt(index), 'backends']);
    return { ...shared, upstream: add(names, routeUpstreamName(name), [...routeAt(index), 'backends']) };
  });
  const listener = { ...singleListener(file, routes, upstreams, context), upstream: DEFAULT_NAME };
  context.provenance.set(['listeners', 0, 'upstream'], ['backends']);
  return { listeners: [listener], upstreams };
}

/** The name of the upstream that is made for one route of a flat or gateway file. */
export function routeUpstreamName(route: string): string {
  return `route:${route}`;
}

/** Whether a route says what becomes of its requests, so that they do not go to all backends. */
function isSettled({ split, redirect, respond }: FlatRoute): boolean {
  return (split ?? redirect ?? respond) !== undefined;
}

/** Some of the backends, which a route names. */
interface NamedBackends {
  readonly names: readonly string[];
  /** The name of the upstream that is made of them. */
  readonly upstream: string;
  /** Where the file names them. */
  readonly from: Path;
}

function groupUpstream(
  file: ConfigFile,
  { names, upstream, from }: NamedBackends,
  routeIndex: number,
  upstreamIndex: number,
  context: NormalizeContext,
): object {
  const at: Path = ['upstreams', upstreamIndex];
  const all = file.backends ?? [];
  context.provenance.set([...at, 'name'], [...routeAt(routeIndex), 'name']);
  context.provenance.set([...at, 'backends'], from);
  const backends: object[] = [];
  const written: { readonly address: string; readonly path: Path }[] = [];
  for (const [index, name] of names.entries()) {
    const backendIndex = all.findIndex((backend) => nameOf(backend) === name);
    const backend = all[backendIndex];
    if (backend === undefined) {
      const path = [...from, index];
      const hint = suggestion(name, all.map(nameOf));
      context.error(path, `names the backend ${context.shown(path, name)}, which does not exist${hint}`);
      continue;
    }
    context.provenance.set([...at, 'backends', backends.length], ['backends', backendIndex]);
    backends.push(normalizeBackend(backend));
    written.push({ address: backend.address, path: ['backends', backendIndex, 'address'] });
  }
  const shared = sharedUpstream(
    file,
    at,
    {
      addresses: written.map(({ address }) => address),
      pathOf: (index) => written[index]?.path ?? ['backends'],
    },
    context,
  );
  return { ...shared, name: upstream, backends };
}

function writtenBackends(backends: readonly FileBackend[]): WrittenBackends {
  return {
    addresses: backends.map(({ address }) => address),
    pathOf: (index) => ['backends', index, 'address'],
  };
}

function nameOf(backend: FileBackend): string {
  return backend.name ?? backend.address;
}

function routeAt(index: number): Path {
  return ['http', 'routes', index];
}
