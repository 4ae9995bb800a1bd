import type { RuntimeReading } from '../workers/runtime.ts';
import type { CounterReadings } from './counters.ts';
import type { TelemetryReading } from './telemetry.ts';

/** What a thread has counted since it began, and how it runs. */
export interface ThreadCounts extends CounterReadings {
  readonly telemetry: TelemetryReading;
  /** undefined while metrics are off. */
  readonly runtime: RuntimeReading | undefined;
}

/** What the workers have counted that are threads of their own. */
export interface WorkersCounts {
  /** Of each worker that runs. What those have counted that ended is in the counters of the supervisor. */
  readonly counters: readonly CounterReadings[];
  /** Of each worker that runs, and of those that ended. */
  readonly telemetry: readonly TelemetryReading[];
  /** Of each worker that answered. */
  readonly runtimes: readonly { readonly worker: number; readonly runtime: RuntimeReading }[];
}
