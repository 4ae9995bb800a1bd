import type { Logger, LogSubject, ProtocolInstance } from '../../plugin-api/index.ts';
import { fieldsOf, reportFault, type CountFault } from '../faults/plugin-fault.ts';

/** The listener whose protocol fails, as it is now. */
export interface FaultyListener {
  readonly name: string;
  readonly instance: ProtocolInstance;
}

/** Logs and counts the faults of the protocol of one listener. */
export class ProtocolFaults {
  readonly #listener: FaultyListener;
  readonly #logger: Logger;
  readonly #count: CountFault | undefined;
  /** Name of the plugin that made the instance. */
  #plugin = '';
  /** Messages about the instance that are in the log already. Each message is logged once for an instance. */
  readonly #logged = new Set<string>();

  constructor(listener: FaultyListener, logger: Logger, count: CountFault | undefined) {
    this.#listener = listener;
    this.#logger = logger;
    this.#count = count;
  }

  /** From now on, faults are logged with the name of that plugin. */
  blame(plugin: string): void {
    this.#plugin = plugin;
  }

  /** Another instance serves the listener now: its faults are logged even if the previous instance had the same ones. */
  forget(): void {
    this.#logged.clear();
  }

  /** The plugin did not take a connection over as it should, so the connection is ended. Logged once for each instance. */
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
