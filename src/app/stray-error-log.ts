import { errorFrom } from '../errors.ts';
import { reportFault, type CountFault } from '../net/faults/plugin-fault.ts';
import type { Logger } from '../plugin-api/logger.ts';
import { PluginFaults } from '../telemetry/plugin-faults.ts';

export interface StrayErrorLogOptions {
  readonly logger: Logger;
  /** The plugin whose code an error came from; undefined for one that can't be traced to any. */
  readonly authorOf: (error: unknown) => string | undefined;
  readonly countFault: CountFault;
}

/** Logs errors that nobody caught. Whoever throws them may do so as often as a client wants: their lines are bounded. */
export class StrayErrorLog {
  readonly #options: StrayErrorLogOptions;
  readonly #untraced = new PluginFaults();

  constructor(options: StrayErrorLogOptions) {
    this.#options = options;
  }

  report(thrown: unknown): void {
    const { logger, authorOf, countFault } = this.#options;
    const plugin = authorOf(thrown);
    if (plugin !== undefined) {
      const message =
        'plugin failed in a timer, an event or a promise that nobody waits for; the proxy goes on';
      reportFault({ plugin, message, error: thrown, fields: {} }, logger, countFault);
      return;
    }
    // A text that was thrown has no stack, so it can't be told from whom it comes.
    const { stack = '', message } = errorFrom(thrown);
    const detail = stack === '' ? message : stack;
    const leftOut = this.#untraced.count('', detail);
    if (leftOut === undefined) return;
    logger.error('unexpected error; the proxy goes on', {
      error: detail,
      more_before: leftOut === 0 ? undefined : leftOut,
    });
  }
}
