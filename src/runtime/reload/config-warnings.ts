import type { Problem } from '../../config/problems/problem.ts';
import type { Config } from '../../config/schema/config.generated.ts';
import type { Logger } from '../../plugin-api/index.ts';

/** A config with more warnings than this needs a list, not a log. */
const MAX_LINES = 20;
/** Open files beside connections: the runtime, log files, the admin server, health checks, name servers. */
const ALLOWANCE = 256;
/** The least that a proxy should have whose listeners have no limit; with less it refuses clients on an ordinary day. */
const FLOOR = 4096;
/** Each client's connection may have another one, to a backend. */
const SOCKETS_A_CLIENT = 2;

/** Logs what a config is allowed to say but probably does not mean. */
export function logWarnings(warnings: readonly Problem[], logger: Logger): void {
  for (const { file, line, column, path, message } of warnings.slice(0, MAX_LINES)) {
    logger.warn('config warning', {
      at: `${file}:${String(line)}:${String(column)}`,
      path,
      warning: message,
    });
  }
  const more = warnings.length - MAX_LINES;
  if (more > 0) logger.warn('more config warnings: balance validate shows all', { more });
}

/** How many file descriptors a config may need, as far as it limits that. */
export interface DescriptorNeed {
  readonly descriptors: number;
  /** False when a listener takes any number of connections. */
  readonly isBounded: boolean;
}

/** Counts two descriptors for each connection that `max_connections` allows, and the connections that pools keep ready. */
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
 * Logs when a config may need more file descriptors than the process can get.
 *
 * @param limit open files at most; infinite where there is no limit, or none is known
 */
export function logLowLimit(
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
