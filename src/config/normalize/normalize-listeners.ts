import type { ConfigFile, FileListener, FileUpstream } from '../schema/config-file.generated.ts';
import type { NormalizeContext } from './normalize-context.ts';
import { normalizeBackend, normalizeHealthCheck } from './normalize-upstream.ts';

/** Normalizes the form with `listeners` and `upstreams`: only names and the settings of the mode are filled in. */
export function normalizeListeners(file: ConfigFile, context: NormalizeContext): object {
  return {
    listeners: (file.listeners ?? []).map((listener, index) => normalizeListener(listener, index, context)),
    upstreams: (file.upstreams ?? []).map((upstream, index) => normalizeUpstream(upstream, index, context)),
  };
}

function normalizeListener(listener: FileListener, index: number, context: NormalizeContext): object {
  const { listen, address: otherWord, ...rest } = listener;
  const address = listen ?? otherWord;
  if (address === undefined) context.error(['listeners', index], 'must have the key listen');
  if (listen !== undefined && otherWord !== undefined) {
    context.error(['listeners', index, 'address'], 'is given twice: listen says it too');
  }
  if (listen !== undefined)
    context.provenance.set(['listeners', index, 'address'], ['listeners', index, 'listen']);
  const mode = listener.mode ?? 'http';
  const routes = listener.http?.routes ?? [];
  const named = routes.map((route, number) => ({ ...route, name: route.name ?? `route-${number + 1}` }));
  return {
    ...rest,
    name: listener.name ?? address ?? `listener-${index + 1}`,
    address: address ?? ':0',
    mode,
    ...(mode === 'http' ? { http: { ...listener.http, routes: named } } : {}),
    ...(mode === 'tcp' ? { tcp: listener.tcp ?? {} } : {}),
  };
}

function normalizeUpstream(upstream: FileUpstream, index: number, context: NormalizeContext): object {
  const { health_check: check, ...rest } = upstream;
  if (upstream.backends.length === 0) {
    context.warn(['upstreams', index, 'backends'], 'has no backend: nothing can be forwarded');
  }
  return {
    ...rest,
    backends: upstream.backends.map(normalizeBackend),
    ...(check === undefined ? {} : { health_check: normalizeHealthCheck(check) }),
  };
}
