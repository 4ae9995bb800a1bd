import { AccessLog, type AccessLogSettings } from './access/access-log.ts';
import type { Telemetry } from '../channels.ts';
import type { Logging, LoggingSettings, OutputSettings } from './logging.ts';

/** The `logging` section of the config. */
export type LoggingSection = LoggingSettings & OutputSettings & { readonly access_log: AccessLogSection };

/** What is not given is as in the rest of the section. */
type AccessLogSection = Omit<AccessLogSettings, 'format'> & {
  readonly enabled: boolean;
  readonly format?: AccessLogSettings['format'] | undefined;
  readonly output?: string | undefined;
};

/** Keeps the log, its outputs and the access log as the live config has them. */
export class LogControl {
  readonly #telemetry: Telemetry;
  readonly #logging: Logging;
  #stopAccessLog: (() => void) | undefined;

  constructor(telemetry: Telemetry, logging: Logging) {
    this.#telemetry = telemetry;
    this.#logging = logging;
  }

  /** The log follows the section at once; the access log begins with the first config that is live. */
  async begin(section: LoggingSection): Promise<void> {
    (await this.#logging.prepare(section)).commit();
  }

  /** Opens the outputs; they count from `commit` on. Rejects with a BalanceError when one can't be opened. */
  async prepare(section: LoggingSection): Promise<{ commit(): void; unwind(): void }> {
    const { access_log: access } = section;
    const output = access.output ?? section.output;
    const others = access.enabled ? [{ key: 'logging.access_log.output', output }] : [];
    const prepared = await this.#logging.prepare(section, others);
    const accessLog = access.enabled
      ? new AccessLog(prepared.sink(output), { ...access, format: access.format ?? section.format })
      : undefined;
    return {
      commit: () => {
        // The new one first, or the details that both need would be missing for an exchange in between.
        const stop = accessLog === undefined ? undefined : this.#telemetry.subscribe(accessLog);
        this.#stopAccessLog?.();
        this.#stopAccessLog = stop;
        prepared.commit();
      },
      unwind: () => {
        prepared.unwind();
      },
    };
  }
}
