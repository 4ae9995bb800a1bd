import type { ThreadCounts } from '../../readings/counts/thread-counts.ts';
import { ThreadMetrics } from '../metrics/process/thread-metrics.ts';
import type { KnownNames } from '../../readings/proxy.ts';
import type { Telemetry } from '../telemetry.ts';
import type { CountersControl, MetricsSettings } from './counters-control.ts';
import type { TelemetryControl } from './telemetry-control.ts';

/** What a worker counts, for the supervisor that shows the counts of all workers. */
export class WorkerCounts {
  readonly #counters: CountersControl;
  readonly #telemetry: Telemetry;
  readonly #control: TelemetryControl;
  #runtime: ThreadMetrics | undefined;

  constructor(counters: CountersControl, telemetry: Telemetry, control: TelemetryControl) {
    this.#counters = counters;
    this.#telemetry = telemetry;
    this.#control = control;
  }

  /** A config went live. */
  apply(settings: MetricsSettings): void {
    this.#counters.apply(settings);
    if (settings.enabled) this.#runtime ??= new ThreadMetrics();
  }

  /** @param names names whose counts must stay until the next reading, however many names there are */
  read(names: readonly KnownNames[]): ThreadCounts {
    this.#counters.keep(names);
    return {
      ...this.#counters.counters.read(),
      telemetry: {
        spans: { ...this.#control.spans },
        // The supervisor counts them, where it reports outputs that fail.
        droppedLogLines: 0,
        pluginFailures: Array.from(this.#telemetry.pluginFailures, ([plugin, count]) => ({ plugin, count })),
        subscriberFailures: this.#telemetry.failures,
      },
      runtime: this.#runtime?.read(),
    };
  }

  destroy(): void {
    this.#counters.destroy();
    this.#runtime?.destroy();
  }
}
