import { errorFrom } from '../../errors.ts';
import { reportFault, type CountFault } from '../../net/faults/plugin-fault.ts';
import type { Logger } from '../../plugin-api/logger.ts';
import { PluginFaults } from '../../telemetry/plugin-faults.ts';

/** Finds out whose code an error came from. */
export interface ErrorAuthors {
  /** Name of the plugin; undefined for an error that can't be traced to any. */
  authorOf(error: unknown): string | undefined;
}

/** Counts the faults of plugins. */
export interface FaultCounter {
  readonly pluginFailed: CountFault;
}

/** Logs errors that nobody caught. A client may be able to cause one with each request, so the number of lines is bounded. */
export class StrayErrorLog {
  readonly #logger: Logger;
  readonly #authors: ErrorAuthors;
  readonly #counter: FaultCounter;
  readonly #untraced = new PluginFaults();

  constructor(logger: Logger, authors: ErrorAuthors, counter: FaultCounter) {
    this.#logger = logger;
    this.#authors = authors;
    this.#counter = counter;
  }

  report(thrown: unknown): void {
    const logger = this.#logger;
    const plugin = this.#authors.authorOf(thrown);
    if (plugin !== undefined) {
      const message =
        'plugin failed in a timer, an event or a promise that nobody waits for; the proxy goes on';
      reportFault(
        { plugin, message, error: thrown, fields: {} },
        logger,
        this.#counter.pluginFailed.bind(this.#counter),
      );
      return;
    }
    // A thrown text has no stack, so nothing says whose code threw it.
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
