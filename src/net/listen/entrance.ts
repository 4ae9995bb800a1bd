import type { ProtocolInstance } from '../../plugin-api/index.ts';
import { ConnectionSetup, type SetupOwner } from '../layers/connection-setup.ts';
import type { TransportLayer } from '../layers/layer.ts';
import type { SetupFailures } from '../layers/setup-failures.ts';
import type { OwnedTransport } from '../transport/owned-transport.ts';
import type { AcceptedConnection } from './accepted-connection.ts';

/** How the connections of a listener come in by one config. */
export interface EntranceRules {
  /** Run on each connection, in this order, before the protocol gets it. */
  readonly layers: readonly TransportLayer[];
  /** Gets the connections that a layer passes on undecrypted. Default: the instance that is live then, as of all others. */
  readonly passing?: ProtocolInstance | undefined;
}

/** Gets the connections that have come in. Implemented by the listener. */
export interface EntranceOwner {
  readonly failures: SetupFailures;
  /** @param passing the instance that must get the connection; undefined: the one that is live */
  entered(connection: AcceptedConnection, passing: ProtocolInstance | undefined): void;
  /** The connection is over, whether it was handed to a protocol or not. */
  ended(connection: AcceptedConnection): void;
}

/**
 * The layers of a listener, and the connections on their way through them. A connection ends its way as it began it, whatever an edit changes
 * meanwhile: only so its protocol gets the bytes that it expects. One that is passed on undecrypted goes to the instance that was live
 * with the layers which decided so. So this instance has to wait for {@link drain} before it closes.
 */
export class Entrance implements SetupOwner<AcceptedConnection> {
  readonly layers: readonly TransportLayer[];
  readonly passing: ProtocolInstance | undefined;
  readonly #owner: EntranceOwner;
  /** The connections whose layers run. */
  readonly #inside = new Set<AcceptedConnection>();
  #whenEmpty: (() => void) | undefined;
  #emptied: Promise<void> | undefined;

  constructor({ layers, passing }: EntranceRules, owner: EntranceOwner) {
    this.layers = layers;
    this.passing = passing;
    this.#owner = owner;
  }

  /** Begins with the layers. The owner gets the connection when they are done, which may be before this returns. */
  admit(connection: AcceptedConnection, transport: OwnedTransport): void {
    const setup = new ConnectionSetup(connection, this.layers, this);
    connection.handler = setup;
    this.#inside.add(connection);
    transport.whenClosed(() => {
      setup.destroy();
      this.#leave(connection);
      this.#end(connection, transport);
    });
    setup.start(transport);
  }

  setUp(connection: AcceptedConnection, transport: OwnedTransport): void {
    connection.transport = transport;
    connection.handler = undefined;
    this.#owner.entered(connection, transport.route === undefined ? undefined : this.passing);
    this.#leave(connection);
  }

  setupFailed(connection: AcceptedConnection, layer: TransportLayer, error: Error): void {
    this.#owner.failures.note(connection.transport.peer.address, layer, error);
    connection.transport.destroy();
    this.#leave(connection);
  }

  /** Resolves when the last connection has come through; undefined when there is none. No connection is admitted any more. */
  drain(): Promise<void> | undefined {
    if (this.#inside.size === 0) return undefined;
    this.#emptied ??= new Promise((resolve) => {
      this.#whenEmpty = resolve;
    });
    return this.#emptied;
  }

  /** Resets the connections that are on their way. Returns how many there were. */
  reset(error: Error): number {
    const count = this.#inside.size;
    for (const { transport } of this.#inside) transport.reset(error);
    return count;
  }

  /**
   * The accepted transport is closed. A layer may have put another one over it, which learns of that some turns later: the connection is over
   * when that one is closed too, so that nobody forgets it before its protocol is told.
   */
  #end(connection: AcceptedConnection, accepted: OwnedTransport): void {
    const { transport } = connection;
    const ended = (): void => {
      this.#owner.ended(connection);
    };
    if (transport !== accepted && transport.hasReader) transport.whenClosed(ended);
    else ended();
  }

  #leave(connection: AcceptedConnection): void {
    if (this.#inside.delete(connection) && this.#inside.size === 0) this.#whenEmpty?.();
  }
}
