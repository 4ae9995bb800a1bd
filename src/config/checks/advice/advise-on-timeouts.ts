import type { Config, Upstream } from '../../config.generated.ts';
import type { Path } from '../../problem.ts';
import { formatDuration } from '../../units.ts';
import type { AdviceContext } from './advice-context.ts';

/** Limits that belong together leave each other room. */
export function adviseOnTimeouts({ config, advise }: AdviceContext): void {
  for (const [index, upstream] of config.upstreams.entries()) {
    const at: Path = ['upstreams', index];
    const { connection_pool: pool, timeouts } = upstream;
    if (!pool.enabled) continue;
    if (pool.acquire_timeout < timeouts.connect) {
      advise(
        [...at, 'connection_pool', 'acquire_timeout'],
        `is shorter than timeouts.connect (${formatDuration(timeouts.connect)}), which is never waited for`,
      );
    }
    if (pool.max_age > 0 && pool.max_age < pool.max_idle_time) {
      advise(
        [...at, 'connection_pool', 'max_idle_time'],
        `is longer than max_age (${formatDuration(pool.max_age)}), after which no socket is used again`,
      );
    }
    if (pool.max_size > 0 && servesExchanges(upstream, config)) adviseOnLimits(upstream, at, advise);
  }
}

function adviseOnLimits(
  { backends, connection_pool: pool }: Upstream,
  at: Path,
  advise: AdviceContext['advise'],
): void {
  for (const [place, { max_connections: limit }] of backends.entries()) {
    if (limit <= pool.max_size) continue;
    advise(
      [...at, 'backends', place, 'max_connections'],
      `is never reached: connection_pool.max_size (${pool.max_size}) is the lower limit`,
    );
  }
}

/** Tunnels of TCP take no place in the pool. */
function servesExchanges({ name }: Upstream, { listeners }: Config): boolean {
  return listeners.some(
    ({ upstream, http }) =>
      http !== undefined && (upstream === name || http.routes.some((route) => route.upstream === name)),
  );
}
