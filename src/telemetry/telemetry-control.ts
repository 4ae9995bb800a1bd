import type { LookupFunction } from 'node:net';

import type { Logger } from '../plugin-api/logger.ts';
import type { Telemetry, TelemetrySubscriber } from './channels.ts';
import { LogControl, type LoggingSection } from './logs/log-control.ts';
import type { Logging } from './logs/logging.ts';
import type { SpanCounts } from './metrics/metrics-source.ts';
import { SpanTally } from './traces/export/span-tally.ts';
import { createTracing, type Tracing, type TracingSettings } from './traces/tracing.ts';

/** The sections of the config that say what is told to whom. */
export interface TelemetrySections {
  readonly logging: LoggingSection;
  readonly tracing?: (TracingSettings & { readonly enabled: boolean }) | undefined;
}

/** Keeps logs and tracing as the live config has them. */
export class TelemetryControl {
  readonly #telemetry: Telemetry;
  readonly #logs: LogControl;
  readonly #logger: Logger;
  readonly #lookup: LookupFunction | undefined;
  readonly #tally = new SpanTally();
  #tracing: Tracing | undefined;
  #tracingKey = '';
  #stopTracing: (() => void) | undefined;

  /** @param lookup How a collector's host name is looked up. Default: as the runtime does, in its thread pool. */
  constructor(telemetry: Telemetry, logging: Logging, lookup?: LookupFunction) {
    this.#lookup = lookup;
    this.#telemetry = telemetry;
    this.#logs = new LogControl(telemetry, logging);
    this.#logger = logging.logger;
  }

  /** What became of spans since the start, whatever edits did to tracing. */
  get spans(): SpanCounts {
    return this.#tally;
  }

  /** For the first config, which is not live yet: from now on lines are written as it wants them. Rejects as {@link prepare} does. */
  beginLogging({ logging }: Pick<TelemetrySections, 'logging'>): Promise<void> {
    return this.#logs.begin(logging);
  }

  /** Opens the log outputs, and starts a tracer where the settings changed; it counts from `commit` on. */
  async prepare(sections: TelemetrySections): Promise<PreparedTelemetry> {
    const logs = await this.#logs.prepare(sections.logging);
    try {
      const tracing = await this.#prepareTracing(sections);
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
            logger: this.#logger,
            lookup: this.#lookup,
            tally: this.#tally,
          });
    return {
      commit: () => {
        this.#replaceTracing(tracing, key);
      },
      unwind: () => void tracing?.close(),
    };
  }

  /** Exports what waits. */
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
 * Tracing is off from here on, but exchanges run whose spans were promised to the collector. The closed tracing drops these
 * spans, and counts them. It begins no traces.
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
