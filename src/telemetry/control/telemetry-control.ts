import type { Logger } from '../../plugin-api/logger.ts';
import type { Telemetry, TelemetrySubscriber } from '../telemetry.ts';
import { LogControl, type LoggingSection } from './log-control.ts';
import type { Logging } from '../logs/logging.ts';
import type { SpanCounts } from '../../readings/counts/telemetry.ts';
import { SpanStats } from '../traces/export/span-queue.ts';
import { createTracing, type Tracing, type TracingOptions, type TracingSettings } from '../traces/tracing.ts';

/** The sections of the config for logs and traces. */
export interface TelemetrySections {
  readonly logging: LoggingSection;
  readonly tracing?: (TracingSettings & { readonly enabled: boolean }) | undefined;
}

/** Applies the sections `logging` and `tracing` of each config that goes live. */
export class TelemetryControl {
  readonly #telemetry: Telemetry;
  readonly #logs: LogControl;
  readonly #logger: Logger;
  readonly #tracingOptions: Pick<TracingOptions, 'instanceId' | 'lookup'>;
  readonly #stats = new SpanStats();
  #tracing: Tracing | undefined;
  #tracingKey = '';
  #stopTracing: (() => void) | undefined;

  constructor(
    telemetry: Telemetry,
    logging: Logging,
    tracing: Pick<TracingOptions, 'instanceId' | 'lookup'>,
  ) {
    this.#tracingOptions = tracing;
    this.#telemetry = telemetry;
    this.#logs = new LogControl(telemetry, logging);
    this.#logger = logging.logger;
  }

  /** Exported and lost spans since the start. Edits of `tracing` do not reset them. */
  get spans(): SpanCounts {
    return this.#stats;
  }

  /** Applies the `logging` section of the first config before that config is live. Rejects as {@link prepare} does. */
  begin({ config }: { readonly config: Pick<TelemetrySections, 'logging'> }): Promise<void> {
    return this.#logs.begin(config.logging);
  }

  /** Opens the log outputs, and starts a tracer when the settings of tracing changed; `commit` puts both to use. */
  async prepare({ config }: { readonly config: TelemetrySections }): Promise<PreparedTelemetry> {
    const logs = await this.#logs.prepare(config.logging);
    try {
      const tracing = await this.#prepareTracing(config);
      return {
        commit: () => {
          logs.commit();
          tracing.commit();
        },
        unwind: () => {
          logs.unwind();
          tracing.unwind();
        },
      };
    } catch (error) {
      logs.unwind();
      throw error;
    }
  }

  async #prepareTracing(sections: TelemetrySections): Promise<PreparedTelemetry> {
    const settings = sections.tracing?.enabled === true ? sections.tracing : undefined;
    const key = settings === undefined ? '' : JSON.stringify(settings);
    if (key === this.#tracingKey) return { commit: () => undefined, unwind: () => undefined };
    const tracing =
      settings === undefined
        ? undefined
        : await createTracing(settings, {
            ...this.#tracingOptions,
            logger: this.#logger,
            stats: this.#stats,
          });
    return {
      commit: () => {
        this.#replaceTracing(tracing, key);
      },
      unwind: () => void tracing?.close(),
    };
  }

  /** Exports the spans that wait. */
  async close(): Promise<void> {
    await this.#tracing?.close();
  }

  #replaceTracing(tracing: Tracing | undefined, key: string): void {
    const old = this.#tracing;
    this.#stopTracing?.();
    const successor = tracing?.subscriber ?? (old === undefined ? undefined : withoutTracer(old.subscriber));
    this.#stopTracing = successor === undefined ? undefined : this.#telemetry.subscribe(successor);
    this.#tracing = tracing;
    this.#tracingKey = key;
    void old?.close();
  }
}

/**
 * The subscriber that follows when an edit turns tracing off. Exchanges that were traced still run; it hands their records to the closed
 * tracing, which drops and counts their spans. It begins no traces.
 */
function withoutTracer(closed: TelemetrySubscriber): TelemetrySubscriber {
  return {
    detailed: false,
    exchange: (record) => {
      closed.exchange(record);
    },
    tunnel: (record) => {
      if (record.trace !== undefined) closed.tunnel(record);
    },
  };
}

export interface PreparedTelemetry {
  commit(): void;
  unwind(): void;
}
