import type { LookupFunction } from 'node:net';

import type { Logger } from '../plugin-api/logger.ts';
import type { Telemetry } from './channels.ts';
import { LogControl, type LoggingSection } from './log-control.ts';
import type { Logging } from './logging.ts';
import type { SpanCounts } from './metrics-source.ts';
import { createTracing, type Tracing, type TracingSettings } from './tracing.ts';

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

  get spans(): SpanCounts | undefined {
    return this.#tracing?.spans;
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
        : await createTracing(settings, { logger: this.#logger, lookup: this.#lookup });
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
    this.#stopTracing = tracing === undefined ? undefined : this.#telemetry.subscribe(tracing.subscriber);
    this.#tracing = tracing;
    this.#tracingKey = key;
    void old?.close();
  }
}

export interface PreparedTelemetry {
  commit(): void;
  unwind(): void;
}
