import type { Logger } from '../plugin-api/logger.ts';
import { AccessLog } from './access-log.ts';
import type { Telemetry } from './channels.ts';
import type { LogFormat } from './log-line.ts';
import type { Logging, LoggingSettings } from './logging.ts';
import type { SpanCounts } from './metrics-source.ts';
import { createTracing, type Tracing, type TracingSettings } from './tracing.ts';

/** The sections of the config that say what is told to whom. */
export interface TelemetrySections {
  readonly logging: LoggingSettings & { readonly access_log: boolean; readonly format: LogFormat };
  readonly tracing?: (TracingSettings & { readonly enabled: boolean }) | undefined;
}

/** Keeps access log and tracing as the live config has them. */
export class TelemetryControl {
  readonly #telemetry: Telemetry;
  readonly #logging: Logging;
  readonly #logger: Logger;
  readonly #accessLog: AccessLog;
  #stopAccessLog: (() => void) | undefined;
  #tracing: Tracing | undefined;
  #tracingKey = '';
  #stopTracing: (() => void) | undefined;

  constructor(telemetry: Telemetry, logging: Logging) {
    this.#telemetry = telemetry;
    this.#logging = logging;
    this.#logger = logging.logger;
    this.#accessLog = new AccessLog(logging.sink, logging.settings.format);
  }

  get spans(): SpanCounts | undefined {
    return this.#tracing?.spans;
  }

  /** Starts a tracer where the settings changed; it counts from `commit` on. */
  async prepare(sections: TelemetrySections): Promise<PreparedTelemetry> {
    const settings = sections.tracing?.enabled === true ? sections.tracing : undefined;
    const key = settings === undefined ? '' : JSON.stringify(settings);
    if (key === this.#tracingKey)
      return {
        commit: () => {
          this.#applyLogging(sections);
        },
        unwind: () => undefined,
      };
    const tracing =
      settings === undefined ? undefined : await createTracing(settings, { logger: this.#logger });
    return {
      commit: () => {
        this.#applyLogging(sections);
        this.#replaceTracing(tracing, key);
      },
      unwind: () => void tracing?.close(),
    };
  }

  /** Exports what waits. */
  async close(): Promise<void> {
    await this.#tracing?.close();
  }

  #applyLogging({ logging }: TelemetrySections): void {
    this.#logging.update(logging);
    this.#accessLog.setFormat(logging.format);
    if (logging.access_log) this.#stopAccessLog ??= this.#telemetry.subscribe(this.#accessLog);
    else {
      this.#stopAccessLog?.();
      this.#stopAccessLog = undefined;
    }
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
