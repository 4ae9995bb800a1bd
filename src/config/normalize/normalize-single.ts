import type { ConfigFile } from '../schema/config-file.generated.ts';
import type { NormalizeContext } from './normalize-context.ts';
import { healthCheckOfInterval, normalizeHealthCheck } from './normalize-upstream.ts';
import type { Path } from '../problems/problem.ts';

/** The name of the only listener of a flat or gateway file, and of the upstream with all backends of a flat file. */
export const DEFAULT_NAME = 'default';
const DEFAULT_LISTEN = ':8080';
const GATEWAY_CHECK_INTERVAL = '10s';

/** The listener of a flat or gateway file. */
export function singleListener(
  file: ConfigFile,
  routes: readonly object[],
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
    ...pick(file, ['max_connections', 'tcp_keepalive', 'socket_mode']),
  };
  if (mode === 'http') return { ...base, http: httpOptions(file, routes, context) };
  warnOfUnusedTimeouts(file, mode, context);
  if (mode === 'tcp') return { ...base, tcp: tcpOptions(file, context) };
  return { ...base, ...pick(file, ['options']) };
}

/** The settings of an upstream of a flat or gateway file, without its name and backends. */
export function sharedUpstream(file: ConfigFile, at: Path, context: NormalizeContext): object {
  const { connect, read } = file.timeouts ?? {};
  const timeouts = { ...(connect === undefined ? {} : { connect }), ...(read === undefined ? {} : { read }) };
  context.provenance.set(at, []);
  return {
    ...pick(file, ['load_balancer', 'queue', 'tcp_keepalive']),
    ...connectionPool(file, at, context),
    ...healthCheck(file, at, context),
    timeouts,
  };
}

/** Keys of the `http` section, and the keys of `connection_pool` that they are other names for. */
const POOL_NAMES = [
  ['max_idle_conns_per_host', 'max_idle'],
  ['idle_conn_timeout', 'max_idle_time'],
] as const;

function connectionPool(file: ConfigFile, at: Path, context: NormalizeContext): object {
  const given = file.connection_pool ?? {};
  const pool: Record<string, unknown> = { ...given };
  for (const [name, key] of POOL_NAMES) {
    const value = file.http?.[name];
    if (value === undefined) continue;
    if (given[key] === undefined) {
      pool[key] = value;
      context.provenance.set([...at, 'connection_pool', key], ['http', name]);
    } else if (given[key] !== value) {
      context.warn(['http', name], `has no effect: connection_pool.${key} is used instead`);
    }
    if (given.enabled === false)
      context.warn(['http', name], 'has no effect while connection_pool.enabled is false');
  }
  return Object.keys(pool).length === 0 && file.connection_pool === undefined
    ? {}
    : { connection_pool: pool };
}

function healthCheck(file: ConfigFile, at: Path, context: NormalizeContext): object {
  if (file.health_check !== undefined) return { health_check: normalizeHealthCheck(file.health_check) };
  const { health_check_interval: given, routes } = file;
  // A gateway checks its backends by default.
  const interval = given ?? (routes === undefined ? undefined : GATEWAY_CHECK_INTERVAL);
  if (interval === undefined) return {};
  context.provenance.set([...at, 'health_check'], [given === undefined ? 'routes' : 'health_check_interval']);
  context.provenance.set([...at, 'health_check', 'interval'], ['health_check_interval']);
  const check = healthCheckOfInterval(interval);
  return { health_check: file.mode === 'tcp' ? { ...check, type: 'tcp' } : check };
}

/** The keys that the `http` section of a flat file shares with that of a listener. */
const HTTP_KEYS = [
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
    ...pick(file.http ?? {}, HTTP_KEYS),
    ...pick(file, ['transform', 'health_endpoint']),
    timeouts: { ...pick(file.timeouts ?? {}, ['read', 'write', 'idle']), ...file.http?.timeouts },
    routes,
  };
}

function tcpOptions(file: ConfigFile, context: NormalizeContext): object {
  if (file.tcp?.timeouts?.idle === undefined) {
    context.provenance.set(['listeners', 0, 'tcp', 'timeouts', 'idle'], ['timeouts', 'idle']);
  }
  return { timeouts: { ...pick(file.timeouts ?? {}, ['idle']), ...file.tcp?.timeouts } };
}

function warnOfUnusedTimeouts(file: ConfigFile, mode: string, context: NormalizeContext): void {
  const unused = mode === 'tcp' ? (['read', 'write'] as const) : (['write', 'idle'] as const);
  for (const key of unused) {
    if (file.timeouts?.[key] === undefined) continue;
    const known = mode === 'tcp' ? 'mode tcp' : 'the mode of a plugin';
    context.warn(['timeouts', key], `has no effect in ${known}`);
  }
}

/** The keys that have a value. The others are left out, so that they get their defaults. */
function pick<T extends object, K extends keyof T>(from: T, keys: readonly K[]): Partial<Pick<T, K>> {
  const picked: Partial<Pick<T, K>> = {};
  for (const key of keys) if (from[key] !== undefined) picked[key] = from[key];
  return picked;
}
