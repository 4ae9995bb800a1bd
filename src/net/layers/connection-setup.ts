import { BalanceError, errorFrom } from '../../errors.ts';
import type { ConnectionActivity, ConnectionHandler } from '../../plugin-api/index.ts';
import type { OwnedTransport } from '../transport/owned-transport.ts';
import type { LayerRun, TransportLayer } from './layer.ts';

/** Whoever wants to know how the layers of a connection end: the connection's listener. */
export interface SetupOwner<Connection> {
  /** All layers are done: the protocol's turn. */
  setUp(connection: Connection, transport: OwnedTransport): void;
  /** A layer failed: the connection is to be ended. */
  setupFailed(connection: Connection, layer: TransportLayer, error: Error): void;
}

/**
 * Takes one connection through the layers of its listener. It stands in for the protocol's handler until there is one: nothing
 * runs on such a connection yet, so a drain lets it go on, and an edit meanwhile hands it to the instance that is live when it is done.
 */
export class ConnectionSetup<Connection> implements ConnectionHandler {
  readonly #connection: Connection;
  readonly #layers: readonly TransportLayer[];
  readonly #owner: SetupOwner<Connection>;
  /** Index of the layer that comes after the one at work. */
  #next = 0;
  #run: LayerRun | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isOver = false;

  constructor(connection: Connection, layers: readonly TransportLayer[], owner: SetupOwner<Connection>) {
    this.#connection = connection;
    this.#layers = layers;
    this.#owner = owner;
  }

  /** Begins with the first layer. May answer before this returns. */
  start(transport: OwnedTransport): void {
    const layer = this.#layers[this.#next];
    if (layer === undefined) {
      this.#isOver = true;
      this.#owner.setUp(this.#connection, transport);
      return;
    }
    this.#next += 1;
    this.#timer = setTimeout(() => {
      this.#timedOut(layer);
    }, layer.timeoutMs);
    this.#open(layer, transport, this.#next);
  }

  /** The connection has ended: the layer that is at work stops, and answers nobody. */
  destroy(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#endLayer();
  }

  drain(): void {
    // It goes on, within the time limits of its layers, and the protocol then finds its listener draining.
  }

  activity(): ConnectionActivity {
    return { state: 'idle', instance: undefined, backend: undefined };
  }

  /** `turn` tells an answer of this layer from a second one, which comes in the turn of a later layer. */
  #open(layer: TransportLayer, transport: OwnedTransport, turn: number): void {
    const isPast = (): boolean => this.#isOver || this.#next !== turn;
    try {
      const run = layer.open(
        transport,
        (made) => {
          if (isPast()) return;
          clearTimeout(this.#timer);
          this.#run = undefined;
          made.releaseReader();
          this.start(made);
        },
        (error) => {
          if (!isPast()) this.#fail(layer, error);
        },
      );
      if (!isPast()) this.#run = run;
    } catch (error) {
      if (!isPast()) this.#fail(layer, errorFrom(error));
    }
  }

  #timedOut(layer: TransportLayer): void {
    this.#fail(
      layer,
      new BalanceError('handshake_timeout', `not done within ${layer.timeoutMs} ms`, {
        origin: 'downstream',
      }),
    );
  }

  #fail(layer: TransportLayer, error: Error): void {
    this.destroy();
    this.#owner.setupFailed(this.#connection, layer, error);
  }

  #endLayer(): void {
    clearTimeout(this.#timer);
    const run = this.#run;
    this.#run = undefined;
    run?.destroy();
  }
}
