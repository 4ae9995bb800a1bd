import { randomUUID } from 'node:crypto';
import type { ResourceLimits } from 'node:worker_threads';
import v8 from 'node:v8';

import { WorkerSet, type WorkerSetOptions } from '../../runtime/supervisor/worker-set.ts';

const MIB = 2 ** 20;
/** All threads together may use more than the container has: they seldom are full at the same time. */
const OVERCOMMIT = 1.5;

/** How workers are started. */
export type WorkersEnvironment = Omit<WorkerSetOptions, 'threads' | 'proxyId'>;

/** Starts the threads that serve clients. Rejects when one of them can't be started. */
export async function startWorkers(environment: WorkersEnvironment): Promise<WorkerSet> {
  const { workers } = environment;
  const set = new WorkerSet({
    ...environment,
    proxyId: randomUUID(),
    threads: { entry: entryUrl(), limits: heapLimits(workers, process.constrainedMemory()) },
  });
  await set.start();
  return set;
}

/**
 * Threads run the compiled program, joined to one file (src/bundle.mjs), also where the main thread runs from its TypeScript sources, as
 * in tests.
 */
function entryUrl(): URL {
  const isCompiled = import.meta.url.endsWith('.js');
  return new URL(`${isCompiled ? '..' : '../../../dist/src/app'}/worker/bundle.js`, import.meta.url);
}

/**
 * How much memory the objects of one worker may take: as much as those of the main thread, and in a container its share. Young objects keep
 * the room that V8 gives them: with 8 MiB a new connection costs half as much CPU again on Node 20 (test/bench/README.md).
 *
 * @param containerBytes 0 or a huge number when there is no limit
 */
export function heapLimits(workers: number, containerBytes: number): ResourceLimits {
  const ownBytes = v8.getHeapStatistics().heap_size_limit;
  const shareBytes = containerBytes > 0 ? (containerBytes / (workers + 1)) * OVERCOMMIT : Infinity;
  return { maxOldGenerationSizeMb: Math.floor(Math.min(ownBytes, shareBytes) / MIB) };
}
