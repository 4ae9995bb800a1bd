import type { CountFault } from '../../net/faults/plugin-fault.ts';
import type { TelemetrySink } from '../../plugin-api/index.ts';
import type { HandshakeObserver } from '../../readings/handshake.ts';
import type { HealthCheckRecord, QueueRecord } from '../../readings/upstreams/upstream.ts';

/** Takes the events of the core, beside those of protocols. Its methods never block and never throw. */
export interface RuntimeTelemetry extends TelemetrySink, Partial<HandshakeObserver> {
  queue?(record: QueueRecord): void;
  healthCheck?(record: HealthCheckRecord): void;
  /** Counts an error that a protocol plugin threw in a call that must not throw. */
  pluginFailed?: CountFault;
}
