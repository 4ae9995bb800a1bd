import type { Workers } from '../../config/schema/config.generated.ts';
import { DescriptorHub } from '../../net/node/descriptors/descriptor-hub.ts';
import { runtimeWays } from '../../net/node/runtime-ways.ts';
import { serveHere } from './serve-here.ts';
import type { Serving, ServingEnvironment } from './serving.ts';
import { workerCount, type WorkerCount } from './worker-count.ts';

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
  const usable = usableCount(wanted, environment);
  const isAuto = count === undefined && workers.count === 'auto';
  if (usable === wanted.count && (usable > 1 || isAuto))
    environment.thread.logging.logger.info('workers', { count: usable, reason: wanted.reason });
  if (usable === 1) return serveHere(environment);
  // One thread alone must not pay for what it never uses.
  const { serveByWorkers } = await import('./serve-by-workers.ts');
  return serveByWorkers(environment, usable);
}

/** How many of the wanted workers this version of Node.js and this machine allow. */
function usableCount({ count }: WorkerCount, { thread }: ServingEnvironment): number {
  const { logger } = thread.logging;
  const lack = count > 1 ? whatWorkersLack() : undefined;
  if (lack !== undefined) {
    logger.warn('one worker serves, not as many as the config asks for', { asked: count, reason: lack });
    return 1;
  }
  return count;
}

/** Why there can't be more than one worker; undefined when there can. */
function whatWorkersLack(): string | undefined {
  const { failure } = new DescriptorHub();
  if (failure !== '') return failure;
  return runtimeWays().interceptedAccept
    ? undefined
    : 'this version of Node.js accepts in a way that is not known';
}
