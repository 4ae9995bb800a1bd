import type { Logger, LogSubject, ProtocolInstance } from '../../plugin-api/index.ts';
import { fieldsOf, reportFault, type CountFault } from '../faults/plugin-fault.ts';

/** The listener whose protocol fails, as it is now. */
export interface FaultyListener {
  readonly name: string;
  readonly instance: ProtocolInstance;
}

/** Logs and counts what the protocol of one listener does wrong. */
export class ProtocolFaults {
  readonly #listener: FaultyListener;
  readonly #logger: Logger;
  readonly #count: CountFault | undefined;
  /** Name of the plugin that made the instance. */
  #plugin = '';
  /** What the log has said about the instance already: it says each thing once. */
  readonly #logged = new Set<string>();

  constructor(listener: FaultyListener, logger: Logger, count: CountFault | undefined) {
    this.#listener = listener;
    this.#logger = logger;
    this.#count = count;
  }

  /** From now on, that plugin is named for what fails. */
  blame(plugin: string): void {
    this.#plugin = plugin;
  }

  /** Another instance serves now: the log may say about it what it said about the one before. */
  forget(): void {
    this.#logged.clear();
  }

  /** A plugin did not do its part, so a connection is ended. The log says so once an instance. */
  neglected(fault: string): void {
    const plugin = this.#plugin;
    this.#count?.(plugin, fault);
    if (this.#logged.has(fault)) return;
    this.#logged.add(fault);
    const { name: listener, instance } = this.#listener;
    this.#logger.error('protocol does not take connections over as it should, they are ended', {
      plugin,
      listener,
      protocol: instance.protocol,
      error: fault,
    });
  }

  /** A call of the plugin threw; `message` says which call. */
  report(message: string, error: unknown, subject?: LogSubject): void {
    const fields = { listener: this.#listener.name, ...fieldsOf(subject) };
    reportFault({ plugin: this.#plugin, message, error, fields }, this.#logger, this.#count);
  }
}
