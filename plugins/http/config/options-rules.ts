import type {
  OptionsListener,
  OptionsPath,
  OptionsRules,
  PluginUse,
  UpstreamUse,
} from '../../../src/plugin-api/index.ts';
import { checkHttpOptions } from './check-http-options.ts';
import { diffOptions } from './diff-options.ts';
import { lintOptions } from './lint-options.ts';
import type { HttpFilter, HttpMirror, HttpOptions } from './schema/options.generated.ts';

/**
 * What HTTP knows about the options of its listeners. It imports nothing that serves requests, because a thread of its own checks
 * configs.
 */
const HTTP_OPTIONS_RULES: OptionsRules<HttpOptions> = {
  check: checkHttpOptions,
  lint: lintOptions,
  upstreams: upstreamsOf,
  plugins: filterUses,
  diff: diffOptions,
};

export default HTTP_OPTIONS_RULES;

/** The listener's own upstream, which gets what no route takes, and the upstreams of the routes and of the mirrors. */
function* upstreamsOf(options: HttpOptions, { upstream }: OptionsListener): Generator<UpstreamUse, void> {
  const { routes, mirror } = options;
  if (upstream !== undefined) yield { name: upstream, place: 'upstream', sockets: 'keep-alive' };
  if (mirror !== undefined) yield mirrorUse(mirror, ['mirror']);
  for (const [index, route] of routes.entries()) {
    const at: OptionsPath = ['routes', index];
    const tries = {
      ...(typeof route.retry === 'object' ? { retry: [...at, 'retry'] } : {}),
      ...(typeof route.hedge === 'object' ? { hedge: [...at, 'hedge'] } : {}),
    };
    if (route.upstream !== undefined)
      yield { name: route.upstream, place: [...at, 'upstream'], sockets: 'keep-alive', ...tries };
    for (const [side, { upstream: part }] of (route.split ?? []).entries())
      yield { name: part, place: [...at, 'split', side, 'upstream'], sockets: 'keep-alive', ...tries };
    if (route.mirror !== undefined) yield mirrorUse(route.mirror, [...at, 'mirror']);
  }
  for (const { given, place } of filterUses(options)) {
    const { upstream: name } = given as { readonly upstream?: unknown };
    if (typeof name === 'string') yield { name, place: [...place, 'upstream'], sockets: 'keep-alive' };
  }
}

/** The filters of the listener, then those of its routes. */
function* filterUses({ filters, routes }: HttpOptions): Generator<PluginUse, void> {
  yield* usesOf(filters, ['filters']);
  for (const [index, { filters: own }] of routes.entries()) yield* usesOf(own, ['routes', index, 'filters']);
}

function* usesOf(filters: readonly HttpFilter[], at: OptionsPath): Generator<PluginUse, void> {
  for (const [index, given] of filters.entries()) yield { kind: 'http-filter', given, place: [...at, index] };
}

function mirrorUse({ upstream }: HttpMirror, at: OptionsPath): UpstreamUse {
  return { name: upstream, place: [...at, 'upstream'], sockets: 'keep-alive' };
}
