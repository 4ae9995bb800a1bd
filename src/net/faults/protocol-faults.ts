import type { Logger, LogSubject, ProtocolInstance } from '../../plugin-api/index.ts';
import { fieldsOf } from './fields-of.ts';
import { reportFault, type CountFault } from './plugin-fault.ts';

/** The listener whose protocol fails, as it is now. */
export interface FaultPlace {
  readonly name: string;
  readonly instance: ProtocolInstance;
}

/** Logs and counts what the protocol of one listener does wrong. */
export class ProtocolFaults {
  readonly #place: FaultPlace;
  readonly #logger: Logger;
  readonly #count: CountFault | undefined;
  /** Of whoever made the instance. */
  #plugin = '';
  /** What the log has said about the instance: it says so once. */
  readonly #told = new Set<string>();

  constructor(place: FaultPlace, logger: Logger, count: CountFault | undefined) {
    this.#place = place;
    this.#logger = logger;
    this.#count = count;
  }

  /** From now on that plugin answers for what fails. */
  blame(plugin: string): void {
    this.#plugin = plugin;
  }

  /** Another instance serves: what was said of the one before may be said of it too. */
  forget(): void {
    this.#told.clear();
  }

  /** A plugin does not do its part, so that a connection is ended: the log says so once of an instance. */
  neglected(fault: string): void {
    const plugin = this.#plugin;
    this.#count?.(plugin, fault);
    if (this.#told.has(fault)) return;
    this.#told.add(fault);
    const { name: listener, instance } = this.#place;
    this.#logger.error('protocol does not take connections over as it should, they are ended', {
      plugin,
      listener,
      protocol: instance.protocol,
      error: fault,
    });
  }

  /** A call of the plugin threw; `message` says which one. */
  report(message: string, error: unknown, subject?: LogSubject): void {
    const fields = { listener: this.#place.name, ...fieldsOf(subject) };
    reportFault({ plugin: this.#plugin, message, error, fields }, this.#logger, this.#count);
  }
}
