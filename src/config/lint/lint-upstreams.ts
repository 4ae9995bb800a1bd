import type { Path } from '../problems/problem.ts';
import type { Upstream } from '../schema/config.generated.ts';
import { formatDuration } from '../values/units.ts';
import type { LintContext } from './lint-context.ts';

/** Backends of an upstream are different servers, a backend that is down gets no traffic, and limits fit together. */
export function lintUpstreams(context: LintContext): void {
  for (const [index, upstream] of context.config.upstreams.entries()) {
    const at: Path = ['upstreams', index];
    lintBackends(upstream, at, context);
    lintPool(upstream, at, context);
  }
}

function lintBackends(upstream: Upstream, at: Path, { warn }: LintContext): void {
  const { backends, health_check: check } = upstream;
  for (const { index, first } of repeated(upstream)) {
    warn([...at, 'backends', index, 'address'], `is the address of ${first} too: it gets two shares`);
  }
  if (backends.length > 1 && check?.enabled !== true) {
    const path = check === undefined ? [...at, 'backends'] : [...at, 'health_check', 'enabled'];
    warn(path, 'have no health_check: one that is down goes on getting its share');
  }
}

/** Backends that have the address of a backend before them. */
function repeated({ backends }: Upstream): { readonly index: number; readonly first: string }[] {
  const names = new Map<string, string>();
  return backends.flatMap(({ name, address }, index) => {
    const first = names.get(address);
    if (first !== undefined) return [{ index, first }];
    names.set(address, name);
    return [];
  });
}

function lintPool({ connection_pool: pool }: Upstream, at: Path, { warn }: LintContext): void {
  if (!pool.enabled || pool.max_age === 0 || pool.max_age >= pool.max_idle_time) return;
  warn(
    [...at, 'connection_pool', 'max_idle_time'],
    `is longer than max_age (${formatDuration(pool.max_age)}), after which no socket is used again`,
  );
}
