import type { Upstream as UpstreamConfig } from '../../config/schema/config.generated.ts';
import type { SocketUse } from '../../plugin-api/index.ts';
import type { PoolSettings } from '../../upstream/backend/pool-settings.ts';

/** The pools of an upstream's members for one use of sockets, as its config says; undefined where each lease connects anew. */
export function poolSettingsOf(
  { connection_pool: pool }: UpstreamConfig,
  use: SocketUse,
): PoolSettings | undefined {
  // Sockets that serve once need a pool only to be connected ahead of time.
  if (!pool.enabled || (use === 'once' && pool.min_idle === 0)) return undefined;
  return {
    maxSize: pool.max_size,
    minIdle: pool.min_idle,
    // Sockets that serve once are all connected ahead: as many as min_idle says.
    maxIdle: use === 'once' ? 0 : pool.max_idle,
    maxIdleTimeMs: pool.max_idle_time,
    maxAgeMs: pool.max_age,
    validateOnBorrow: pool.validate_on_borrow,
  };
}
