import { HASHING_ALGORITHMS, UNWEIGHTED_ALGORITHMS } from '../values/algorithm.ts';
import type { BackendConfig, Upstream } from '../schema/config.generated.ts';
import { suggestion } from '../problems/closest.ts';
import type { Path } from '../problems/problem.ts';
import type { CheckContext } from './check-context.ts';
import { checkSticky } from './check-sticky.ts';

/** The weight of a backend whose file gives none. */
const DEFAULT_WEIGHT = 1;

/** The settings of each upstream fit together. */
export function checkUpstreams(context: CheckContext): void {
  for (const [index, upstream] of context.config.upstreams.entries()) {
    const at: Path = ['upstreams', index];
    checkBalancing(upstream, at, context);
    checkWeights(upstream, at, context);
    checkTiers(upstream, at, context);
    checkPool(upstream, at, context);
    checkQueue(upstream, at, context);
    checkSticky(upstream, at, context);
  }
}

function checkBalancing({ load_balancer: balancer }: Upstream, at: Path, context: CheckContext): void {
  const { algorithm } = balancer;
  const path = [...at, 'load_balancer'];
  if (balancer.hash_key !== undefined && !HASHING_ALGORITHMS.has(algorithm)) {
    context.warn([...path, 'hash_key'], `has no effect on ${algorithm}`);
  }
  if (context.given([...path, 'load_factor']) && algorithm !== 'bounded-consistent-hash') {
    context.warn([...path, 'load_factor'], `has no effect on ${algorithm}`);
  }
}

function checkWeights(
  { backends, load_balancer: balancer }: Upstream,
  at: Path,
  context: CheckContext,
): void {
  const used = backends.filter(({ weight }) => weight > 0);
  if (backends.length > 0 && used.length === 0) {
    context.warn([...at, 'backends'], 'has weight 0 everywhere: nothing can be forwarded');
  }
  const { algorithm } = balancer;
  if (!UNWEIGHTED_ALGORITHMS.has(algorithm) || haveOneWeight(used)) return;
  for (const [index, { weight }] of backends.entries()) {
    if (weight === 0 || weight === DEFAULT_WEIGHT) continue;
    const path = [...at, 'backends', index, 'weight'];
    context.warn(path, `has no effect on ${algorithm}; weighted-${algorithm} looks at it`);
  }
}

/** Requests wait for a place, which backends without limits always have. */
function checkQueue(upstream: Upstream, at: Path, { given, warn }: CheckContext): void {
  const { backends, connection_pool: pool, health_check: check, resilience } = upstream;
  const isLimited =
    backends.some((backend) => backend.max_connections > 0 || backend.max_requests > 0) ||
    (pool.enabled && pool.max_size > 0) ||
    resilience.adaptive_concurrency?.enabled === true ||
    check?.agent_check?.enabled === true;
  if (isLimited || backends.length === 0 || !given([...at, 'queue'])) return;
  warn([...at, 'queue'], 'has no effect: nothing waits, as no backend has max_connections or max_requests');
}

/** Zones are those of backends, and a backup has no priority beside it. */
function checkTiers({ backends, load_balancer: balancer }: Upstream, at: Path, context: CheckContext): void {
  const { zone } = balancer;
  const zones = new Set(backends.flatMap((backend) => backend.zone ?? []));
  if (zone !== undefined && backends.length > 0 && !zones.has(zone)) {
    const path = [...at, 'load_balancer', 'zone'];
    const known = zones.size === 0 ? 'none of them has a zone' : `theirs are ${[...zones].join(', ')}`;
    context.warn(
      path,
      `is ${context.shown(path, zone)}, which is the zone of no backend: ${known}${suggestion(zone, zones)}`,
    );
  }
  for (const [index, backend] of backends.entries()) {
    const path = [...at, 'backends', index];
    if (zone === undefined && context.given([...path, 'zone']))
      context.warn([...path, 'zone'], 'has no effect without load_balancer.zone');
    if (backend.backup && context.given([...path, 'priority']))
      context.warn(
        [...path, 'priority'],
        'has no effect beside backup: true, which comes after every priority',
      );
  }
}

/** Backends of equal weights get equal shares from any algorithm. */
function haveOneWeight(backends: readonly BackendConfig[]): boolean {
  return backends.every(({ weight }) => weight === backends[0]?.weight);
}

function checkPool(upstream: Upstream, at: Path, context: CheckContext): void {
  const { connection_pool: pool } = upstream;
  const path = [...at, 'connection_pool', 'min_idle'];
  const isTooMany = pool.max_size > 0 && pool.min_idle > pool.max_size;
  if (isTooMany) context.error(path, `must be <= max_size (${pool.max_size})`);
  else if (pool.max_idle > 0 && pool.min_idle > pool.max_idle)
    context.error(path, `must be <= max_idle (${pool.max_idle})`);
  else if (!pool.enabled && pool.min_idle > 0) context.warn(path, 'has no effect while enabled is false');
  // Tunnels take no place in the pool.
  if (pool.enabled && pool.max_size > 0 && context.uses.keepsSockets(upstream.name))
    checkPoolSize(upstream, at, context);
}

/** More than the pool's sockets never work at a time, however many a backend may have. */
function checkPoolSize({ backends, connection_pool: pool }: Upstream, at: Path, context: CheckContext): void {
  for (const [place, { max_connections: limit }] of backends.entries()) {
    if (limit <= pool.max_size) continue;
    context.warn(
      [...at, 'backends', place, 'max_connections'],
      `is never reached: connection_pool.max_size (${pool.max_size}) is the lower limit`,
    );
  }
}
