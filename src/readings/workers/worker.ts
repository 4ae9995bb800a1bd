/**
 * What a worker does. `starting`: it builds what it will serve. `hung`: its event loop stands still. `restarting`: it ended, and its
 * replacement waits for its time. `stopping`: it finishes what runs, and is not replaced.
 */
export type WorkerState = 'starting' | 'serving' | 'hung' | 'restarting' | 'stopping';

/** A worker: a thread that serves clients. */
export interface WorkerReading {
  /** From 1 on. A replacement has the number of the worker that it replaces. */
  readonly id: number;
  readonly state: WorkerState;
  /** When its thread began, ms since 1970. */
  readonly sinceMs: number;
  /** How often a worker of this number was replaced. */
  readonly restarts: readonly WorkerRestarts[];
  /** How the last worker of this number ended; undefined when none has. */
  readonly lastEnd: WorkerEnd | undefined;
  /** Open connections of clients; known of a hung worker too. */
  readonly connections: number;
  /** Share of the time since about the last reading, of 10 seconds at least, in which its event loop was busy, from 0 to 1. */
  readonly utilization: number;
  /** Number of the generation that it serves; 0: none. */
  readonly generation: number;
  /** Time since its event loop was last seen to turn, in ms. */
  readonly beatAgeMs: number;
  /** Memory that its JavaScript objects use; undefined when that is not known yet. */
  readonly heapUsedBytes: number | undefined;
}

/** Why workers end; the label of a metric, so it is a closed list. */
export type WorkerEndReason = 'exception' | 'out_of_memory' | 'exit' | 'terminated' | 'hung';

/** The end of a worker. */
export interface WorkerEnd {
  readonly reason: WorkerEndReason;
  /** The reason in words, as in the log. */
  readonly message: string;
  /** ms since 1970. */
  readonly atMs: number;
}

/** How often workers of one number were replaced for one reason. */
export interface WorkerRestarts {
  readonly reason: WorkerEndReason;
  readonly count: number;
}
