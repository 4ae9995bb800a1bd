import type { WorkerReading } from '../../readings/workers/worker.ts';

/** A worker, for `GET /status`. */
export function workerJson(worker: WorkerReading): object {
  const { id, state, sinceMs, restarts, lastEnd, connections, utilization, generation } = worker;
  const { beatAgeMs, heapUsedBytes } = worker;
  return {
    worker: id,
    state,
    since: new Date(sinceMs).toISOString(),
    connections,
    utilization: Number(utilization.toFixed(4)),
    generation,
    heap_used_bytes: heapUsedBytes ?? null,
    last_seen_ms: Math.round(beatAgeMs),
    restarts: restarts.reduce((sum, { count }) => sum + count, 0),
    last_end:
      lastEnd === undefined
        ? null
        : { reason: lastEnd.reason, message: lastEnd.message, at: new Date(lastEnd.atMs).toISOString() },
  };
}
