import type { Generation } from '../runtime/generation/generation.ts';
import type { KnownRoutes } from '../telemetry/metrics/counters/route-counters.ts';

/** The routes of a generation by listener; those of other protocols than HTTP are not known. */
export function knownRoutes(generation: Generation | undefined): KnownRoutes {
  return new Map(
    (generation?.config.listeners ?? []).map(({ name, mode, http, upstream }) => {
      // TCP counts tunnels, not requests.
      if (mode === 'tcp') return [name, new Set<string>()];
      if (http === undefined) return [name, undefined];
      const names = http.routes.map((route) => route.name);
      return [name, new Set(upstream === undefined ? names : [...names, 'default'])];
    }),
  );
}
