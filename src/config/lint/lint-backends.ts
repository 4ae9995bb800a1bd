import type { Upstream } from '../schema/config.generated.ts';
import type { Path } from '../problems/problem.ts';
import type { LintContext } from './lint-context.ts';

/** Backends are different servers, and one that is down gets no traffic. */
export function lintBackends({ config, warn }: LintContext): void {
  for (const [index, upstream] of config.upstreams.entries()) {
    const at: Path = ['upstreams', index];
    const { backends, health_check: check } = upstream;
    for (const { place, first } of repeated(upstream)) {
      warn([...at, 'backends', place, 'address'], `is the address of ${first} too: it gets two shares`);
    }
    if (backends.length > 1 && check?.enabled !== true) {
      const path = check === undefined ? [...at, 'backends'] : [...at, 'health_check', 'enabled'];
      warn(path, 'have no health_check: one that is down goes on getting its share');
    }
  }
}

/** Backends whose address another one before them has. */
function repeated({ backends }: Upstream): { readonly place: number; readonly first: string }[] {
  const names = new Map<string, string>();
  return backends.flatMap(({ name, address }, place) => {
    const first = names.get(address);
    if (first !== undefined) return [{ place, first }];
    names.set(address, name);
    return [];
  });
}
