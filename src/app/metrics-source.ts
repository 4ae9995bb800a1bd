import type { TunnelTally } from '../net/tunnel-tally.ts';
import type { LiveView } from '../runtime/live-view.ts';
import type { Reloader } from '../runtime/reloader.ts';
import type { Logging } from '../telemetry/logging.ts';
import type { MetricsSource } from '../telemetry/metrics-source.ts';
import type { TelemetryControl } from '../telemetry/telemetry-control.ts';

/** The parts that the metrics read at each scrape. */
export interface MeteredParts {
  readonly live: LiveView;
  readonly reloader: () => Reloader;
  readonly tunnels: TunnelTally;
  readonly telemetry: TelemetryControl;
  readonly logging: Logging;
}

/** What the metrics show of a proxy. */
export function metricsSource({ live, reloader, tunnels, telemetry, logging }: MeteredParts): MetricsSource {
  return {
    backends: () =>
      [...live.backends()].map(({ backend, healthy }) => ({
        backend,
        healthy,
        connectionsActive: backend.sockets,
        requestsInFlight: backend.active,
        poolActive: backend.leased,
        poolIdle: backend.idle,
        poolCreated: backend.created,
        poolReused: backend.reused,
      })),
    reloads: () => ({ ...reloader().counts, generation: live.generation?.id ?? 0 }),
    tunnels: () => tunnels,
    spans: () => telemetry.spans,
    droppedLogLines: () => logging.droppedLines,
  };
}
