import type { ConnectionHandler, ProtocolInstance } from '../../plugin-api/index.ts';
import { isPromise } from '../faults/plugin-call.ts';
import type { AcceptedConnection } from './accepted-connection.ts';
import type { ProtocolFaults } from './protocol-faults.ts';

/**
 * How long a protocol may leave a connection unread. It should read before `handle` returns; this is for a protocol that first
 * waits for a lease or for something else.
 */
const UNREAD_LIMIT_MS = 5_000;

/** Hands connections to the protocol of a listener, and ends a connection that the protocol does not take over as it should. */
export class ProtocolHandover {
  readonly #faults: ProtocolFaults;

  constructor(faults: ProtocolFaults) {
    this.#faults = faults;
  }

  /** Calls `handle`. Never throws. */
  give(connection: AcceptedConnection, instance: ProtocolInstance): void {
    try {
      const given: unknown = instance.handle(connection);
      if (isPromise(given)) void this.#takeLater(connection, given);
      else this.#take(connection, given);
      if (!connection.transport.hasReader) this.#expectReader(connection);
    } catch (error) {
      this.#refused(connection, error);
    }
  }

  #take(connection: AcceptedConnection, given: unknown): void {
    if (isHandler(given)) connection.handler = given;
    // The protocol may have refused the connection by itself.
    else if (!connection.transport.destroyed)
      this.#neglected(connection, 'handle returns no handler: an object with the function drain');
  }

  /** For a plugin whose `handle` promises its handler. */
  async #takeLater(connection: AcceptedConnection, given: PromiseLike<unknown>): Promise<void> {
    try {
      this.#take(connection, await given);
    } catch (error) {
      this.#refused(connection, error);
    }
  }

  /** While nobody reads, nobody hears the client, nor that it left. */
  #expectReader(connection: AcceptedConnection): void {
    setTimeout(() => {
      const { transport } = connection;
      if (transport.hasReader || transport.destroyed) return;
      this.#neglected(
        connection,
        `handle has not read connection.transport, not even within ${UNREAD_LIMIT_MS} ms`,
      );
    }, UNREAD_LIMIT_MS).unref();
  }

  #neglected({ transport }: AcceptedConnection, fault: string): void {
    this.#faults.neglected(fault);
    transport.destroy();
  }

  #refused({ transport }: AcceptedConnection, error: unknown): void {
    this.#faults.report('protocol refused a connection', error);
    transport.destroy();
  }
}

/** Whether a protocol gave what the plugin API asks for. */
function isHandler(given: unknown): given is ConnectionHandler {
  return typeof (given as Partial<ConnectionHandler> | null | undefined)?.drain === 'function';
}
