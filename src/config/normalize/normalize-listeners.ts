import type { ConfigFile, FileListener, FileUpstream, Resilience } from '../schema/config-file.generated.ts';
import type { NormalizeContext } from './normalize-context.ts';
import type { Path } from '../problems/problem.ts';
import { listenerTls } from './normalize-tls.ts';
import type { WrittenBackends } from './normalize-upstream-tls.ts';
import { upstreamTls } from './normalize-upstream-tls.ts';
import { normalizeBackend, normalizeHealthCheck, normalizeSlowStart } from './normalize-upstream.ts';
import { pickKeys } from './pick-keys.ts';
import { SniUpstreams } from './sni-upstreams.ts';

/** Normalizes the form with `listeners` and `upstreams`: only names and the settings of the mode are filled in. */
export function normalizeListeners(file: ConfigFile, context: NormalizeContext): object {
  const upstreams = (file.upstreams ?? []).map((upstream, index) =>
    normalizeUpstream(upstream, file, index, context),
  );
  const passed = new SniUpstreams(upstreams, () => ({}), context);
  const listeners = (file.listeners ?? []).map((listener, index) =>
    normalizeListener(listener, index, passed, context),
  );
  return { listeners, upstreams };
}

function normalizeListener(
  listener: FileListener,
  index: number,
  passed: SniUpstreams,
  context: NormalizeContext,
): object {
  const { listen, address: otherWord, tls, proxy_protocol: proxyProtocol, ...rest } = listener;
  const address = listen ?? otherWord;
  if (address === undefined) context.error(['listeners', index], 'must have the key listen');
  if (listen !== undefined && otherWord !== undefined) {
    context.error(['listeners', index, 'address'], 'is given twice: listen says it too');
  }
  if (listen !== undefined)
    context.provenance.set(['listeners', index, 'address'], ['listeners', index, 'listen']);
  const mode = listener.mode ?? 'http';
  const at: Path = ['listeners', index];
  const routes = listener.http?.routes ?? [];
  const named = routes.map((route, number) => ({ ...route, name: route.name ?? `route-${number + 1}` }));
  return {
    ...rest,
    name: listener.name ?? address ?? `listener-${index + 1}`,
    address: address ?? ':0',
    mode,
    ...listenerTls(tls, { listener: at, inFile: [...at, 'tls'], mode }, passed, context),
    ...(proxyProtocol === undefined || proxyProtocol.accept === false
      ? {}
      : { proxy_protocol: proxyProtocol }),
    ...(mode === 'http' ? { http: { ...listener.http, routes: named } } : {}),
    ...(mode === 'tcp' ? { tcp: listener.tcp ?? {} } : {}),
  };
}

/** Sections at the top of the file that count for each upstream without one of its own. */
const SHARED_KEYS = ['health_check', 'outlier_detection'] as const;

/** @param file has the settings for all upstreams that have none of their own */
function normalizeUpstream(
  upstream: FileUpstream,
  file: ConfigFile,
  index: number,
  context: NormalizeContext,
): object {
  const { tls: given, slow_start: slowStart, ...rest } = upstream;
  const { resilience } = file;
  const { health_check: check, outlier_detection: outliers } = {
    ...pickKeys(file, SHARED_KEYS),
    ...upstream,
  };
  const at: Path = ['upstreams', index];
  for (const key of SHARED_KEYS) if (upstream[key] === undefined) context.provenance.set([...at, key], [key]);
  for (const part of Object.keys(resilience ?? {})) {
    if (upstream.resilience?.[part as keyof Resilience] === undefined)
      context.provenance.set([...at, 'resilience', part], ['resilience', part]);
  }
  const backends: WrittenBackends = {
    addresses: upstream.backends.map(({ address }) => address),
    pathOf: (backend) => [...at, 'backends', backend, 'address'],
  };
  const { tls } = upstreamTls({ given, inFile: [...at, 'tls'] }, backends, at, context);
  if (upstream.backends.length === 0) {
    context.warn(['upstreams', index, 'backends'], 'has no backend: nothing can be forwarded');
  }
  return {
    ...rest,
    ...(outliers === undefined ? {} : { outlier_detection: outliers }),
    ...(resilience === undefined ? {} : { resilience: { ...resilience, ...upstream.resilience } }),
    ...(slowStart === undefined
      ? normalizeSlowStart(file.slow_start, ['slow_start'], at, context)
      : normalizeSlowStart(slowStart, [...at, 'slow_start'], at, context)),
    backends: upstream.backends.map(normalizeBackend),
    ...(tls === undefined ? {} : { tls }),
    ...(check === undefined ? {} : { health_check: normalizeHealthCheck(check, tls !== undefined) }),
  };
}
