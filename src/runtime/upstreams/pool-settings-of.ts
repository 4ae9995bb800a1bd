import type { Upstream as UpstreamConfig } from '../../config/schema/config.generated.ts';
import type { SocketUse } from '../../plugin-api/index.ts';
import type { PoolSettings } from '../../upstream/backend/pool-settings.ts';

/** The settings of an upstream's pools for one use of sockets; undefined when each lease makes a connection of its own. */
export function poolSettingsOf(
  { connection_pool: pool }: UpstreamConfig,
  use: SocketUse,
): PoolSettings | undefined {
  // Sockets of use `once` are never used again: they need a pool only if some are connected ahead of time.
  if (!pool.enabled || (use === 'once' && pool.min_idle === 0)) return undefined;
  return {
    maxSize: pool.max_size,
    minIdle: pool.min_idle,
    // All idle sockets of use `once` were connected ahead: as many as min_idle says.
    maxIdle: use === 'once' ? 0 : pool.max_idle,
    maxIdleTimeMs: pool.max_idle_time,
    maxAgeMs: pool.max_age,
    validateOnBorrow: pool.validate_on_borrow,
  };
}
