import type { ConnectionHandler, ProtocolInstance } from '../../plugin-api/index.ts';
import { isPromise } from '../faults/plugin-call.ts';
import type { AcceptedConnection } from './accepted-connection.ts';
import type { ProtocolFaults } from './protocol-faults.ts';

/**
 * How long a protocol may leave a connection unread. It should call `read` before `handle` returns. The limit is for protocols that
 * first wait for a lease or for something else.
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
    // A destroyed transport without a handler is no fault: the protocol has refused the connection.
    else if (!connection.transport.destroyed)
      this.#neglected(connection, 'handle returns no handler: an object with the function drain');
  }

  /** For a plugin whose `handle` returns a promise of its handler. */
  async #takeLater(connection: AcceptedConnection, given: PromiseLike<unknown>): Promise<void> {
    try {
      this.#take(connection, await given);
    } catch (error) {
      this.#refused(connection, error);
    }
  }

  /** Ends the connection if the protocol does not read it in time: without a reader, nobody notices that the client has left. */
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

/** Whether `handle` returned what the plugin API asks for. */
function isHandler(given: unknown): given is ConnectionHandler {
  return typeof (given as Partial<ConnectionHandler> | null | undefined)?.drain === 'function';
}
