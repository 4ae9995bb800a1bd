import type { Config } from '../config/schema/config.generated.ts';
import type { Logger } from '../plugin-api/index.ts';

/** Beside connections: the runtime, files, the admin server, health checks, name servers. */
const ALLOWANCE = 256;
/** What a proxy without limits of its own should have at least; with less it refuses clients on an ordinary day. */
const FLOOR = 4096;
/** A client's connection has another one behind it, to a backend. */
const SOCKETS_A_CLIENT = 2;

/** How many descriptors a config may need, as far as it limits that. */
export interface DescriptorNeed {
  readonly descriptors: number;
  /** False when a listener takes any number of connections. */
  readonly isBounded: boolean;
}

export function descriptorNeed(config: Pick<Config, 'listeners' | 'upstreams'>): DescriptorNeed {
  const clients = config.listeners.reduce((sum, listener) => sum + listener.max_connections, 0);
  const ready = config.upstreams.reduce(
    (sum, { backends, connection_pool: pool }) => sum + (pool.enabled ? backends.length * pool.min_idle : 0),
    0,
  );
  return {
    descriptors: SOCKETS_A_CLIENT * clients + ready + ALLOWANCE,
    isBounded: config.listeners.every((listener) => listener.max_connections > 0),
  };
}

/**
 * Logs when a config may need more descriptors than the process can get.
 *
 * @param limit open files at most; infinite where there is no limit, or none is known
 */
export function warnOfLowLimit(
  config: Pick<Config, 'listeners' | 'upstreams'>,
  limit: number,
  logger: Logger,
): void {
  const { descriptors, isBounded } = descriptorNeed(config);
  const needed = isBounded ? descriptors : Math.max(descriptors, FLOOR);
  if (limit >= needed) return;
  logger.warn('the limit on open files is low for this config: raise it (LimitNOFILE, ulimit -n)', {
    open_files_limit: limit,
    needed,
    reason: isBounded
      ? 'two for each connection that max_connections allows, and what backends keep ready'
      : 'a listener without max_connections takes any number of connections, each with a socket on both sides',
  });
}
