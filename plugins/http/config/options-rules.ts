import type { OptionsListener, OptionsRules, UpstreamUse } from '../../../src/plugin-api/index.ts';
import { checkHttpOptions } from './check-http-options.ts';
import { diffOptions } from './diff-options.ts';
import { lintOptions } from './lint-options.ts';
import type { HttpOptions } from './schema/options.generated.ts';

/**
 * What HTTP knows about the options of its listeners. It imports nothing that serves requests, because a thread of its own checks
 * configs.
 */
const HTTP_OPTIONS_RULES: OptionsRules<HttpOptions> = {
  check: checkHttpOptions,
  lint: lintOptions,
  upstreams: upstreamsOf,
  diff: diffOptions,
};

export default HTTP_OPTIONS_RULES;

/** The listener's own upstream, which gets what no route takes, and the upstreams of the routes. */
function* upstreamsOf({ routes }: HttpOptions, { upstream }: OptionsListener): Generator<UpstreamUse, void> {
  if (upstream !== undefined) yield { name: upstream, place: 'upstream', sockets: 'keep-alive' };
  for (const [index, { upstream: name, split = [], mirror }] of routes.entries()) {
    if (name !== undefined) yield { name, place: ['routes', index, 'upstream'], sockets: 'keep-alive' };
    for (const [side, { upstream: part }] of split.entries())
      yield { name: part, place: ['routes', index, 'split', side, 'upstream'], sockets: 'keep-alive' };
    if (mirror !== undefined)
      yield { name: mirror.upstream, place: ['routes', index, 'mirror', 'upstream'], sockets: 'keep-alive' };
  }
}
