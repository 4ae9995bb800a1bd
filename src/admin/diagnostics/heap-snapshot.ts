import type { Readable } from 'node:stream';

import type { Logger } from '../../plugin-api/logger.ts';
import { AdminError } from '../endpoint/admin-error.ts';
import type { AdminRequest } from '../endpoint/admin-request.ts';
import type { AdminResponse } from '../endpoint/admin-response.ts';
import { post, type AdminRoute } from '../endpoint/admin-router.ts';
import { fileName } from './file-name.ts';
import { onlyThreadOf, silenceOf, type ThreadName, type ThreadNames } from './thread-name.ts';

/** Takes snapshots of the memory. */
export interface HeapSnapshots {
  heapSnapshot(of: ThreadName): Promise<Readable>;
}

/**
 * `POST /debug/heap-snapshot?worker=`: the whole content of a thread's memory, secrets included. All traffic of that thread stops while it
 * is made. `worker` is needed where there are several.
 */
export function heapSnapshotRoute(logger: Logger, snapshots: HeapSnapshots, names: ThreadNames): AdminRoute {
  let running = false;
  const handle = async ({ query }: AdminRequest): Promise<AdminResponse> => {
    const of = onlyThreadOf(query, names);
    if (running) throw new AdminError(409, 'busy', 'another heap snapshot is being sent');
    running = true;
    const fields = names.workers().length > 1 ? { worker: of } : {};
    logger.warn('heap snapshot begins: all traffic stops until it is made', fields);
    const begunAtMs = performance.now();
    try {
      const snapshot = await snapshots.heapSnapshot(of);
      logger.warn('heap snapshot made', {
        ...fields,
        duration: `${String(Math.round(performance.now() - begunAtMs))}ms`,
      });
      snapshot.once('close', () => {
        running = false;
      });
      return {
        status: 200,
        contentType: 'application/json; charset=utf-8',
        headers: { 'Content-Disposition': `attachment; filename="${fileName('heapsnapshot')}"` },
        body: snapshot,
      };
    } catch (error) {
      running = false;
      throw silenceOf(error);
    }
  };
  return post('/debug/heap-snapshot', handle, { maxBodyBytes: 0 });
}
