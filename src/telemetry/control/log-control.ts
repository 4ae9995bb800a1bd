import { AccessLog, type AccessLogSettings } from '../logs/access/access-log.ts';
import type { Telemetry } from '../telemetry.ts';
import type { LoggingSettings } from '../logs/field-logger.ts';
import type { Logging, OutputSettings } from '../logs/logging.ts';

/** The `logging` section of the config, normalized. */
export type LoggingSection = LoggingSettings & OutputSettings & { readonly access_log: AccessLogSection };

/** `logging.access_log`. Format and output are those of the `logging` section where the config does not set them here. */
type AccessLogSection = Omit<AccessLogSettings, 'format'> & {
  readonly enabled: boolean;
  readonly format?: AccessLogSettings['format'] | undefined;
  readonly output?: string | undefined;
};

/** Applies the `logging` section of each config that goes live: to the operator's log, its outputs and the access log. */
export class LogControl {
  readonly #telemetry: Telemetry;
  readonly #logging: Logging;
  #stopAccessLog: (() => void) | undefined;

  constructor(telemetry: Telemetry, logging: Logging) {
    this.#telemetry = telemetry;
    this.#logging = logging;
  }

  /** Applies the section of the first config at once, before that config is live. */
  async begin(section: LoggingSection): Promise<void> {
    (await this.#logging.prepare(section)).commit();
  }

  /** Opens the outputs that the section names; `commit` puts them to use. Rejects with a BalanceError when one can't be opened. */
  async prepare(section: LoggingSection): Promise<{ commit(): void; unwind(): void }> {
    const { access_log: access } = section;
    const output = access.output ?? section.output;
    const others = access.enabled ? [{ key: 'logging.access_log.output', output }] : [];
    const prepared = await this.#logging.prepare(section, others);
    const accessLog = access.enabled
      ? new AccessLog(
          prepared.sink(output),
          { ...access, format: access.format ?? section.format },
          { worker: this.#logging.worker },
        )
      : undefined;
    return {
      commit: () => {
        // Subscribe the new access log before the old one leaves: without any subscriber that reads details, protocols would leave them out.
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
