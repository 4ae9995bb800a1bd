import type { BackendConfig } from '../schema/config.generated.ts';
import type { Path } from '../problems/problem.ts';
import type { CheckContext } from './check-context.ts';

/** The label that metrics use where no backend was picked. */
const NO_BACKEND = 'none';

interface Named {
  readonly name: string;
}

/** Names are unique: no name means two things. */
export function checkNames(context: CheckContext): void {
  const { listeners, upstreams } = context.config;
  checkUnique(listeners, ['listeners'], 'listener', context);
  if (context.namesUpstreams) checkUnique(upstreams, ['upstreams'], 'upstream', context);
  for (const [index, upstream] of upstreams.entries()) {
    checkUnique(upstream.backends, ['upstreams', index, 'backends'], 'backend', context);
  }
  checkBackendIdentity(context);
}

function checkUnique(items: readonly Named[], at: Path, noun: string, context: CheckContext): void {
  const seen = new Set<string>();
  for (const [index, { name }] of items.entries()) {
    const path = [...at, index, 'name'];
    if (seen.has(name))
      context.error(path, `is ${context.shown(path, name)}, as another ${noun} is named already`);
    seen.add(name);
  }
}

/** Metrics and logs tell backends apart by their names alone, across all upstreams. */
function checkBackendIdentity(context: CheckContext): void {
  const byName = new Map<string, { readonly backend: BackendConfig; readonly upstream: number }>();
  for (const [upstream, { backends }] of context.config.upstreams.entries()) {
    for (const [index, backend] of backends.entries()) {
      const path: Path = ['upstreams', upstream, 'backends', index, 'name'];
      if (backend.name === NO_BACKEND)
        context.warn(path, 'is what metrics call having no backend: both are counted as one');
      const first = byName.get(backend.name);
      if (first === undefined) byName.set(backend.name, { backend, upstream });
      // Two backends of one upstream with one name are reported already.
      else if (first.upstream !== upstream && first.backend.address !== backend.address) {
        const shown = context.shown(path, backend.name);
        context.error(path, `is ${shown}, which another upstream uses for a backend with another address`);
      }
    }
  }
}
