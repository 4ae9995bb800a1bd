import type { Workers } from '../../config/schema/config.generated.ts';
import { serveHere } from './serve-here.ts';
import type { Serving, ServingEnvironment } from './serving.ts';
import { usableWorkers } from './usable-workers.ts';
import { workerCount } from './worker-count.ts';

/**
 * Makes what serves clients: this thread, or as many workers as the config asks for.
 *
 * @param count overrides the number in the config
 */
export async function createServing(
  environment: ServingEnvironment,
  workers: Workers,
  count?: number,
): Promise<Serving> {
  const wanted = count === undefined ? workerCount(workers) : { count, reason: 'as the program says' };
  const { logger } = environment.thread.logging;
  const usable = usableWorkers(wanted.count, logger);
  const isAuto = count === undefined && workers.count === 'auto';
  if (usable === wanted.count && (usable > 1 || isAuto))
    logger.info('workers', { count: usable, reason: wanted.reason });
  if (usable === 1) return serveHere(environment);
  // One thread alone must not pay for what it never uses.
  const { serveByWorkers } = await import('./serve-by-workers.ts');
  return serveByWorkers(environment, usable);
}
