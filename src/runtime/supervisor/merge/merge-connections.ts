import type { ConnectionsReading } from '../../../readings/connection.ts';
import { sum, unansweredOf } from './merge-by-key.ts';

/** What a worker says about its connections. */
export interface WorkerConnections {
  /** Number of the worker. */
  readonly worker: number;
  readonly reading: ConnectionsReading;
}

/**
 * The first connections of all workers, oldest first. Each worker has given its first ones: so the first of all are among them.
 *
 * @param limit at most so many connections
 */
export function mergeConnections(all: readonly WorkerConnections[], limit: number): ConnectionsReading {
  const readings = all.map(({ reading }) => reading);
  const connections = all.flatMap(({ worker, reading }) =>
    reading.connections.map((connection) => ({ ...connection, worker })),
  );
  return {
    total: readings.reduce((total, reading) => total + reading.total, 0),
    byListener: readings.map(({ byListener }) => byListener).reduce(sum<Record<string, number>>, {}),
    connections: connections.sort((a, b) => a.id - b.id).slice(0, limit),
    unanswered: unansweredOf(readings),
  };
}
