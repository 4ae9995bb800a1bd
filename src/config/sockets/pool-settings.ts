import type { SocketUse } from '../../plugin-api/index.ts';
import type { Upstream } from '../schema/config.generated.ts';

/** How many sockets to one backend a pool keeps, and for how long. */
export interface PoolSettings {
  /** Sockets at most, leased and idle. 0: no limit. */
  readonly maxSize: number;
  /** So many sockets are kept connected. For use `once`: so many are always idle and ready. */
  readonly minIdle: number;
  /** Idle sockets at most; a socket that comes back when there are so many is closed. 0: no limit. */
  readonly maxIdle: number;
  /** 0: no limit. */
  readonly maxIdleTimeMs: number;
  /** 0: no limit. */
  readonly maxAgeMs: number;
  /** Whether an idle socket is checked before a lease gets it. */
  readonly validateOnBorrow: boolean;
}

/** The settings of an upstream's pools for one use of sockets; undefined when each lease makes a connection of its own. */
export function poolSettingsOf(
  { connection_pool: pool, proxy_protocol: proxyProtocol }: Upstream,
  use: SocketUse,
): PoolSettings | undefined {
  // Each connection begins with the address of its client: no other client may use it, and none can be made ahead of time.
  if (proxyProtocol !== undefined) return undefined;
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
