import type { CountFault } from '../../net/faults/plugin-fault.ts';
import type { TelemetrySink } from '../../plugin-api/index.ts';
import type { QueueEnd } from '../../upstream/group/upstream-observer.ts';

/** One health check, at its end. */
export interface HealthCheckEnd {
  /** Name of the backend. */
  readonly backend: string;
  readonly passed: boolean;
  readonly durationMs: number;
}

/** Where the core reports to, beside protocols. Nothing of it blocks or throws. */
export interface RuntimeTelemetry extends TelemetrySink {
  queue?(end: QueueEnd): void;
  healthCheck?(end: HealthCheckEnd): void;
  /** A protocol plugin threw where it must not. */
  pluginFailed?: CountFault;
}
