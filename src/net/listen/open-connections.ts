import { BalanceError } from '../../errors.ts';
import type { LogSubject, ProtocolInstance } from '../../plugin-api/index.ts';
import { isPromise } from '../faults/plugin-call.ts';
import { Traffic } from '../transport/traffic.ts';
import type { AcceptedConnection, RunningWork } from './accepted-connection.ts';
import type { Entrances } from './entrances.ts';

/** The open connections of a listener: what runs on them, and how they end together. */
export class OpenConnections extends Traffic<AcceptedConnection> {
  readonly #onFault: (error: unknown, subject?: LogSubject) => void;

  /** @param onFault hears of what a protocol throws */
  constructor(onFault: (error: unknown, subject?: LogSubject) => void) {
    super();
    this.#onFault = onFault;
  }

  /** The exchanges and tunnels that run on them. */
  *running(): Iterable<RunningWork> {
    for (const connection of this.open) {
      const work = this.#runningOn(connection);
      if (work !== undefined) yield work;
    }
  }

  /**
   * Resets the connections whose exchange or tunnel runs on that instance, and those on their way to it. A reset tells the client that what
   * it got is not complete. Returns how many connections were reset.
   */
  resetWorkOf(instance: ProtocolInstance, entrances: Entrances): number {
    const error = new BalanceError('drain_timeout', 'the config that it began on has drained for too long');
    let count = entrances.resetWayTo(instance, error);
    for (const connection of this.open) {
      const staysWith = connection.cohort?.lastInstance;
      if (this.#runningOn(connection)?.instance !== instance && staysWith !== instance) continue;
      connection.transport.reset(error);
      count += 1;
    }
    return count;
  }

  /** Tells the protocol to drain each connection. If `drain` fails for one connection, it is still called for the others. */
  drain(): void {
    for (const connection of this.open) {
      try {
        const drained: unknown = connection.handler?.drain();
        if (isPromise(drained)) drained.then(undefined, this.#onFault);
      } catch (error) {
        this.#onFault(error);
      }
    }
  }

  /** Ends all of them now. */
  destroy(): void {
    for (const connection of this.open) connection.transport.destroy();
  }

  #runningOn(connection: AcceptedConnection): RunningWork | undefined {
    try {
      return connection.running;
    } catch (error) {
      this.#onFault(error);
      return undefined;
    }
  }
}
