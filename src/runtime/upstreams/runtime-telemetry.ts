import type { CountFault } from '../../net/faults/plugin-fault.ts';
import type { TelemetrySink } from '../../plugin-api/index.ts';
import type { HealthCheckRecord, QueueRecord } from '../../readings/upstream.ts';

/** Where the core reports its events to, beside those of protocols. Nothing of it blocks or throws. */
export interface RuntimeTelemetry extends TelemetrySink {
  queue?(record: QueueRecord): void;
  healthCheck?(record: HealthCheckRecord): void;
  /** A protocol plugin threw where it must not. */
  pluginFailed?: CountFault;
}
