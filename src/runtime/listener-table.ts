import { addressesCollide, parseAddress, type Address } from '../config/address.ts';
import { BalanceError } from '../errors.ts';
import type { Logger, ProtocolInstance } from '../plugin-api/index.ts';
import type { RunningWork } from '../net/accepted-connection.ts';
import { Listener } from '../net/listener.ts';
import type { ReadBuffers } from '../net/read-buffers.ts';
import type { FollowingPart, PreparedChange } from './config-apply.ts';
import type { Generation } from './generation.ts';
import type { PlannedListener } from './planned-listener.ts';
import type { RuntimeTelemetry } from './runtime-telemetry.ts';

/** The bound addresses. A listener whose address stays is never closed nor bound again. */
export class ListenerTable implements FollowingPart {
  readonly #buffers: ReadBuffers;
  readonly #logger: Logger;
  readonly #telemetry: Pick<RuntimeTelemetry, 'pluginFailed'> | undefined;
  readonly #listeners = new Map<string, Listener>();
  readonly #draining = new Set<Listener>();
  #connections = 0;

  constructor(buffers: ReadBuffers, logger: Logger, telemetry?: Pick<RuntimeTelemetry, 'pluginFailed'>) {
    this.#buffers = buffers;
    this.#logger = logger;
    this.#telemetry = telemetry;
  }

  /** Those that are bound and those that drain. */
  all(): readonly Listener[] {
    return [...this.#listeners.values(), ...this.#draining];
  }

  /** Bound addresses by the names of listeners. */
  addresses(): ReadonlyMap<string, string> {
    return new Map([...this.#listeners.values()].map((listener) => [listener.name, listener.bound]));
  }

  /** What runs on the connections of all listeners, those that are gone included, with the listener's name. */
  *running(): Iterable<readonly [listener: string, work: RunningWork]> {
    for (const listener of [...this.#listeners.values(), ...this.#draining])
      for (const work of listener.running()) yield [listener.name, work];
  }

  /** Ends what runs on that instance now; returns how many connections that took. */
  cut(instance: ProtocolInstance): number {
    const listeners = [...this.#listeners.values(), ...this.#draining];
    return listeners.reduce((sum, listener) => sum + listener.cut(instance), 0);
  }

  /** Binds what is new. Rejects with a BalanceError when an address can't be bound; then nothing changed. */
  async prepare(generation: Generation): Promise<PreparedChange> {
    const added = new Map<string, Listener>();
    const unwind = (): void => {
      for (const listener of added.values()) listener.destroy();
    };
    try {
      for (const planned of generation.listeners) {
        const key = keyOf(planned);
        if (!this.#listeners.has(key)) added.set(key, await this.#bind(planned));
      }
    } catch (error) {
      unwind();
      throw error;
    }
    return {
      commit: () => {
        this.#commit(generation, added);
      },
      unwind,
    };
  }

  /** Stops accepting; resolves when the last connection is gone. */
  async close(): Promise<void> {
    const gone = [...this.#draining].map((listener) => listener.close());
    const live = [...this.#listeners.values()].map((listener) => this.#drain(listener));
    await Promise.all([...gone, ...live]);
  }

  /** Ends all connections now. */
  destroy(): void {
    for (const listener of [...this.#listeners.values(), ...this.#draining]) listener.destroy();
    this.#listeners.clear();
  }

  async #bind({ config, instance }: PlannedListener): Promise<Listener> {
    const listener = new Listener({
      name: config.name,
      address: parseAddress(config.address),
      maxConnections: config.max_connections,
      instance,
      buffers: this.#buffers,
      logger: this.#logger,
      nextConnectionId: () => (this.#connections += 1),
      pluginFailed: () => this.#telemetry?.pluginFailed?.(),
    });
    try {
      await listener.listen();
    } catch (error) {
      const owner = this.#ownerOf(listener.address);
      if (owner === undefined || !(error instanceof BalanceError) || error.code !== 'address_in_use')
        throw error;
      throw new BalanceError(
        'address_in_use',
        `listener ${config.name} can't bind ${config.address} while listener ${owner.name} has ${owner.bound}: take that one away in an edit of its own, first`,
        { origin: 'config', cause: error },
      );
    }
    return listener;
  }

  /** The listener that has an address bound which leaves no room for that one. */
  #ownerOf(address: Address): Listener | undefined {
    return [...this.#listeners.values()].find(({ bound }) => addressesCollide(parseAddress(bound), address));
  }

  #commit(generation: Generation, added: ReadonlyMap<string, Listener>): void {
    const kept = new Set<string>();
    for (const [key, listener] of added) this.#listeners.set(key, listener);
    for (const planned of generation.listeners) {
      const { config, instance } = planned;
      const key = keyOf(planned);
      kept.add(key);
      const listener = this.#listeners.get(key);
      if (listener === undefined) continue;
      listener.name = config.name;
      listener.maxConnections = config.max_connections;
      listener.replace(instance);
    }
    for (const [key, listener] of this.#listeners) {
      if (kept.has(key)) continue;
      this.#listeners.delete(key);
      void this.#drain(listener);
    }
  }

  async #drain(listener: Listener): Promise<void> {
    this.#draining.add(listener);
    await listener.close();
    this.#draining.delete(listener);
  }
}

/** Listeners are the same when their addresses are. Port 0 asks for any port: there the name decides. */
function keyOf({ config }: PlannedListener): string {
  return config.address.endsWith(':0') ? `${config.name} ${config.address}` : config.address;
}
