import type { RunningWork } from '../../../net/listen/accepted-connection.ts';
import type { DrainRest } from '../../control/drain-watch.ts';

/** A listener that drains. */
export interface DrainedListener {
  readonly name: string;
  /** Open connections of clients. */
  readonly connections: number;
  running(): Iterable<RunningWork>;
}

/** What a shutdown waits for at a listener. */
export function drainRestOf(listener: DrainedListener): DrainRest {
  const { name, connections } = listener;
  let requests = 0;
  let tunnels = 0;
  for (const { kind } of listener.running()) {
    if (kind === 'exchange') requests += 1;
    else tunnels += 1;
  }
  return { listener: name, connections, requests, tunnels };
}
