import { BalanceError, errorFrom } from '../../errors.ts';
import type { ConnectionActivity, ConnectionHandler } from '../../plugin-api/index.ts';
import type { OwnedTransport } from '../transport/owned-transport.ts';
import type { LayerRun, TransportLayer } from './layer.ts';

/** Is called when the layers of a connection have ended. Implemented by the listener. */
export interface SetupOwner<Connection> {
  /** All layers are done: the protocol gets the connection now. */
  setUp(connection: Connection, transport: OwnedTransport): void;
  /** A layer failed: the owner ends the connection. */
  setupFailed(connection: Connection, layer: TransportLayer, error: Error): void;
}

/**
 * Takes one connection through the layers of its listener. Until the protocol gets the connection, this object is its handler. No
 * exchange runs on the connection yet, so a drain does not end it. After an edit, the instance that is then live gets the connection.
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

  /** Runs the next layer, or calls `setUp` after the last one; both may happen before this returns. */
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

  /** The connection has ended: stops the layer that is at work. Its later answers are ignored. */
  destroy(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#endLayer();
  }

  drain(): void {
    // The layers go on, within their time limits. The protocol then finds that its listener drains.
  }

  activity(): ConnectionActivity {
    return { state: 'idle', instance: undefined, backend: undefined };
  }

  /** `turn` is the layer's number: a second answer of this layer, which comes while a later layer is at work, is ignored. */
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
