import type { ListenerRoutes } from '../readings/listener.ts';
import type { Generation } from '../runtime/generation/generation.ts';

/** The routes of a generation by listener. Protocols other than HTTP and TCP do not tell theirs. */
export function knownRoutes(generation: Generation | undefined): ListenerRoutes[] {
  return (generation?.config.listeners ?? []).map(({ name: listener, mode, http, upstream }) => {
    // TCP counts tunnels, not requests.
    if (mode === 'tcp') return { listener, routes: [] };
    if (http === undefined) return { listener, routes: undefined };
    const names = http.routes.map((route) => route.name);
    return { listener, routes: upstream === undefined ? names : [...names, 'default'] };
  });
}
