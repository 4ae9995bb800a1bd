import type { Readable } from 'node:stream';
import { getHeapSnapshot } from 'node:v8';
import type { Logger } from '../../plugin-api/logger.ts';
import { AdminError } from '../endpoint/admin-error.ts';
import type { AdminResponse } from '../endpoint/admin-response.ts';
import { post, type AdminRoute } from '../endpoint/admin-router.ts';
import { fileName } from './cpu-profile.ts';

/** `POST /debug/heap-snapshot`: the whole content of the memory, secrets included. All traffic stops while it is made. */
export function heapSnapshotRoute(logger: Logger, take: () => Readable = getHeapSnapshot): AdminRoute {
  let running = false;
  const handle = (): AdminResponse => {
    if (running) throw new AdminError(409, 'busy', 'another heap snapshot is being sent');
    running = true;
    logger.warn('heap snapshot begins: all traffic stops until it is made');
    const begunAtMs = performance.now();
    try {
      const snapshot = take();
      logger.warn('heap snapshot made', {
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
      throw error;
    }
  };
  return post('/debug/heap-snapshot', handle, { maxBodyBytes: 0 });
}
