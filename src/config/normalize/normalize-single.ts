import type { ConfigFile } from '../schema/config-file.generated.ts';
import type { NormalizeContext } from './normalize-context.ts';
import { listenerTls } from './normalize-tls.ts';
import type { WrittenBackends } from './normalize-upstream-tls.ts';
import { upstreamTls } from './normalize-upstream-tls.ts';
import {
  connectionPool,
  healthCheckOfInterval,
  normalizeHealthCheck,
  normalizeSlowStart,
} from './normalize-upstream.ts';
import { fileMirror } from './normalize-mirror.ts';
import { pickKeys } from './pick-keys.ts';
import { SniUpstreams } from './sni-upstreams.ts';
import type { Path } from '../problems/problem.ts';

/** The name of the only listener of a flat or gateway file, and of the upstream with all backends of a flat file. */
export const DEFAULT_NAME = 'default';
const DEFAULT_LISTEN = ':8080';
const GATEWAY_CHECK_INTERVAL = '10s';

/** The listener of a flat or gateway file. Upstreams for names that are passed on undecrypted are added to `upstreams`. */
export function singleListener(
  file: ConfigFile,
  routes: readonly object[],
  upstreams: object[],
  context: NormalizeContext,
): object {
  const mode = file.mode ?? 'http';
  const at: Path = ['listeners', 0];
  context.provenance.set(at, []);
  context.provenance.set([...at, 'address'], ['listen']);
  const base = {
    name: DEFAULT_NAME,
    address: file.listen ?? DEFAULT_LISTEN,
    mode,
    ...pickKeys(file, ['max_connections', 'tcp_keepalive', 'socket_mode']),
    ...listenerTls(
      file.tls,
      { listener: at, inFile: ['tls'], mode },
      new SniUpstreams(upstreams, (path) => passedUpstream(file, path, context), context),
      context,
    ),
    ...acceptedProxyProtocol(file),
  };
  if (mode === 'http') {
    const mirror = fileMirror(file, upstreams, context);
    return { ...base, http: { ...httpOptions(file, routes, context), ...mirror } };
  }
  warnOfUnusedTimeouts(file, mode, context);
  if (mode === 'tcp') return { ...base, tcp: tcpOptions(file, context) };
  return { ...base, ...pickKeys(file, ['options']) };
}

/** The settings of an upstream of a flat or gateway file, without its name and backends. */
export function sharedUpstream(
  file: ConfigFile,
  at: Path,
  backends: WrittenBackends,
  context: NormalizeContext,
): object {
  context.provenance.set(at, []);
  const tls = upstreamTls({ given: file.tls?.backend, inFile: ['tls', 'backend'] }, backends, at, context);
  return {
    ...commonSettings(file, at, context),
    ...pickKeys(file, ['sticky']),
    ...healthCheck(file, at, tls.tls !== undefined, context),
    ...tls,
  };
}

/** The settings of an upstream for connections that are passed on undecrypted: the proxy adds no TLS, and a check can't speak HTTP. */
function passedUpstream(file: ConfigFile, at: Path, context: NormalizeContext): object {
  context.provenance.set(at, []);
  const check = file.health_check;
  return {
    ...commonSettings(file, at, context),
    ...(check === undefined ? {} : { health_check: { ...normalizeHealthCheck(check, true), type: 'tcp' } }),
  };
}

function commonSettings(file: ConfigFile, at: Path, context: NormalizeContext): object {
  const sent = file.proxy_protocol?.send;
  if (sent !== undefined) context.provenance.set([...at, 'proxy_protocol'], ['proxy_protocol', 'send']);
  return {
    ...pickKeys(file, ['load_balancer', 'queue', 'outlier_detection', 'resilience', 'tcp_keepalive']),
    ...connectionPool(file, at, context),
    ...normalizeSlowStart(file.slow_start, ['slow_start'], at, context),
    ...(sent === undefined ? {} : { proxy_protocol: sent }),
    timeouts: pickKeys(file.timeouts ?? {}, ['connect', 'read']),
  };
}

/** The part of `proxy_protocol` that is about clients; it is on when there are addresses that may send the header. */
function acceptedProxyProtocol({ proxy_protocol: given }: ConfigFile): object {
  const { accept = given?.trusted !== undefined, ...rest } = given ?? {};
  return accept ? { proxy_protocol: { ...pickKeys(rest, ['trusted', 'timeout']), accept } } : {};
}

function healthCheck(file: ConfigFile, at: Path, hasTls: boolean, context: NormalizeContext): object {
  if (file.health_check !== undefined)
    return { health_check: normalizeHealthCheck(file.health_check, hasTls) };
  const { health_check_interval: given, routes } = file;
  // A gateway checks its backends by default.
  const interval = given ?? (routes === undefined ? undefined : GATEWAY_CHECK_INTERVAL);
  if (interval === undefined) return {};
  context.provenance.set([...at, 'health_check'], [given === undefined ? 'routes' : 'health_check_interval']);
  context.provenance.set([...at, 'health_check', 'interval'], ['health_check_interval']);
  const check = healthCheckOfInterval(interval);
  const type = file.mode === 'tcp' ? 'tcp' : hasTls ? 'https' : 'http';
  return { health_check: { ...check, type } };
}

/** The keys that the `http` section of a flat file shares with that of a listener. */
const HTTP_KEYS = [
  'default',
  'filters',
  'filter_timeout',
  'health_endpoint',
  'limits',
  'trusted_proxies',
  'forwarded',
  'via',
  'normalize_path',
  'ambiguous_paths',
  'underscore_headers',
  'enable_websocket',
  'half_close',
  'encode_target',
  'request_buffering',
  'response_request_id',
  'error_pages',
  'redirect_https',
  'hsts',
  'client_certificate_headers',
] as const;

function httpOptions(file: ConfigFile, routes: readonly object[], context: NormalizeContext): object {
  const at: Path = ['listeners', 0, 'http'];
  context.provenance.set([...at, 'transform'], ['transform']);
  if (file.health_endpoint !== undefined && file.http?.health_endpoint !== undefined) {
    context.error(['health_endpoint'], 'is given twice: http.health_endpoint says it too');
  }
  if (file.health_endpoint !== undefined) {
    context.provenance.set([...at, 'health_endpoint'], ['health_endpoint']);
  }
  for (const key of ['read', 'write', 'idle'] as const) {
    if (file.http?.timeouts?.[key] === undefined) {
      context.provenance.set([...at, 'timeouts', key], ['timeouts', key]);
    }
  }
  return {
    ...pickKeys(file.http ?? {}, HTTP_KEYS),
    ...pickKeys(file, ['transform', 'health_endpoint']),
    timeouts: { ...pickKeys(file.timeouts ?? {}, ['read', 'write', 'idle']), ...file.http?.timeouts },
    routes,
  };
}

function tcpOptions(file: ConfigFile, context: NormalizeContext): object {
  if (file.tcp?.timeouts?.idle === undefined) {
    context.provenance.set(['listeners', 0, 'tcp', 'timeouts', 'idle'], ['timeouts', 'idle']);
  }
  return { timeouts: { ...pickKeys(file.timeouts ?? {}, ['idle']), ...file.tcp?.timeouts } };
}

function warnOfUnusedTimeouts(file: ConfigFile, mode: string, context: NormalizeContext): void {
  const unused = mode === 'tcp' ? (['read', 'write'] as const) : (['write', 'idle'] as const);
  for (const key of unused) {
    if (file.timeouts?.[key] === undefined) continue;
    const known = mode === 'tcp' ? 'mode tcp' : 'the mode of a plugin';
    context.warn(['timeouts', key], `has no effect in ${known}`);
  }
}
