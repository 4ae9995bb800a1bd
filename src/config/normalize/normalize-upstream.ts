import { formatAddress } from '../values/address.ts';
import { parseBackendAddress } from '../values/backend-address.ts';
import type { ConfigFile, FileBackend, FileSlowStart, HealthCheck } from '../schema/config-file.generated.ts';
import type { Path } from '../problems/problem.ts';
import type { NormalizeContext } from './normalize-context.ts';
import { formatDuration, parseDurationMs } from '../values/units.ts';

/** Normalizes a backend. One without a name gets its address as the name, as the file has it. */
export function normalizeBackend(backend: FileBackend): object {
  const { address, url } = parseBackendAddress(backend.address);
  return {
    ...backend,
    name: backend.name ?? backend.address,
    address: formatAddress(address),
    ...(url === undefined ? {} : { url }),
  };
}

/** A file with one of these keys means a check of HTTP. */
const HTTP_KEYS = ['path', 'method', 'hostname', 'headers', 'expected_body'] as const;

/**
 * Fills in the type of a health check: `http` when it has a path or another key of such checks (`https` where the backends speak TLS),
 * otherwise `tcp`. A list of statuses becomes one text.
 */
export function normalizeHealthCheck(check: HealthCheck, hasTls: boolean): object {
  const ofHttp = hasTls ? 'https' : 'http';
  const isHttp = HTTP_KEYS.some((key) => check[key] !== undefined);
  const { expected_status: statuses } = check;
  return {
    ...check,
    type: check.type ?? (isHttp ? ofHttp : 'tcp'),
    ...(Array.isArray(statuses) ? { expected_status: statuses.join() } : {}),
  };
}

/**
 * Turns a duration into a section.
 *
 * @param inFile where it stands in the file
 * @param at path of the upstream
 */
export function normalizeSlowStart(
  given: FileSlowStart | string | number | undefined,
  inFile: Path,
  at: Path,
  { provenance }: NormalizeContext,
): { readonly slow_start?: object } {
  if (given === undefined) return {};
  provenance.set([...at, 'slow_start'], inFile);
  if (typeof given === 'object') return { slow_start: given };
  provenance.set([...at, 'slow_start', 'window'], inFile);
  return { slow_start: { window: given } };
}

/** Keys of the `http` section, and the keys of `connection_pool` that they are other names for. */
const POOL_NAMES = [
  ['max_idle_conns_per_host', 'max_idle'],
  ['idle_conn_timeout', 'max_idle_time'],
] as const;

/** The `connection_pool` of an upstream of a flat or gateway file, as a part of it. */
export function connectionPool(file: ConfigFile, at: Path, context: NormalizeContext): object {
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

/** The timeout of a check is the interval, but at most this. */
const MAX_TIMEOUT_MS = 2_000;

/** The health check that `health_check_interval` is short for: one result is enough to take a backend out or bring it back, and a check ends before the next one begins. */
export function healthCheckOfInterval(interval: string | number): object {
  const text = typeof interval === 'number' ? `${interval}s` : interval;
  return {
    path: '/',
    interval: text,
    timeout: formatDuration(Math.max(1, Math.min(parseDurationMs(text), MAX_TIMEOUT_MS))),
    healthy_threshold: 1,
    unhealthy_threshold: 1,
    expected_status: '200',
  };
}
