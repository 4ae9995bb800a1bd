import { socketKeyOf } from '../../config/sockets/socket-key.ts';
import { addressesCollide, formatAddress, parseAddress, type Address } from '../../config/values/address.ts';
import { BalanceError } from '../../errors.ts';
import type { Logger, ProtocolInstance } from '../../plugin-api/index.ts';
import type { RunningWork } from '../../net/listen/accepted-connection.ts';
import type { BindAddresses } from '../../net/dns/bind-addresses.ts';
import type { EntranceRules } from '../../net/listen/entrance.ts';
import type { OfferedSocket } from '../../net/listen/bind/socket-inheritance.ts';
import { Listener } from '../../net/listen/listener.ts';
import type { SocketOpener } from '../../net/listen/sockets/socket-opener.ts';
import type { OverloadGuard } from '../../net/overload/overload-guard.ts';
import type { ProcessResources } from '../../net/resources/process-resources.ts';
import type { ReadBuffers } from '../../net/transport/memory/read-buffers.ts';
import { mayBlock } from '../../net/address-handover.ts';
import type { Generation, PlannedListener } from '../generation/generation.ts';
import type { LiveInstance } from '../generation/live-instance.ts';
import type { WorkerSlots } from '../../shared/worker-slots.ts';
import type { RuntimeTelemetry } from '../upstreams/runtime-telemetry.ts';
import { listenerSlot } from '../upstreams/slot-keys.ts';

/** Listeners that a generation adds, bound beside those that run. */
export interface PreparedListeners {
  /** Listeners that can only be bound once other sockets have left. */
  readonly arriving: readonly Listener[];
  /** The generation's listeners take over; those that it does not have drain. Does not fail. */
  commit(): void;
  /** Closes what was bound. */
  abort(): void;
}

export interface ListenerTableOptions {
  readonly buffers: ReadBuffers;
  readonly logger: Logger;
  /** Opens the sockets of listeners. The table closes it. */
  readonly sockets: SocketOpener;
  /** What is shared with other workers. Default: there are none. */
  readonly slots?: WorkerSlots | undefined;
  /** Numbers the connections of all listeners: each gets a higher number than those before it. */
  readonly nextConnectionId: () => number;
  /** Hears of faults of plugins. Default: nobody does. */
  readonly telemetry?: Pick<RuntimeTelemetry, 'pluginFailed'> | undefined;
  /** Finds the addresses of a listener's host name. Default: the runtime looks them up. */
  readonly bindAddresses?: BindAddresses | undefined;
  /** Default: there is always room for a client. */
  readonly resources?: ProcessResources | undefined;
  /** Says when new connections are closed at once. Default: never. */
  readonly overload?: OverloadGuard | undefined;
}

/** Of so many listeners that have ended the last counts are kept. */
const ENDED_KEPT = 64;

/** The bound addresses. A listener whose address stays is never closed nor bound again. */
export class ListenerTable {
  /** Opens the sockets of its listeners. */
  readonly sockets: SocketOpener;
  readonly #options: ListenerTableOptions;
  readonly #listeners = new Map<string, Listener>();
  readonly #draining = new Set<Listener>();
  /** The last ones that have ended, oldest first. */
  #ended: readonly Listener[] = [];
  /** What serves the listeners' next connections. */
  readonly #served = new Map<Listener, PlannedListener>();

  constructor(options: ListenerTableOptions) {
    this.sockets = options.sockets;
    this.#options = options;
  }

  /** The listeners that are bound, and those that drain. */
  all(): readonly Listener[] {
    // At a shutdown a bound listener drains too; it counts once.
    return [...new Set([...this.#listeners.values(), ...this.#draining])];
  }

  /** Listeners that have ended while another one has their name, as after an edit of an address: what they counted last belongs to that name. */
  replaced(): readonly Listener[] {
    const names = new Set(Array.from(this.#listeners.values(), ({ name }) => name));
    this.#ended = this.#ended.filter(({ name }) => names.has(name));
    return this.#ended;
  }

  /** Bound addresses by the names of listeners. */
  addresses(): ReadonlyMap<string, string> {
    return new Map([...this.#listeners.values()].map((listener) => [listener.name, listener.bound]));
  }

  /** The exchanges and tunnels that run on all listeners, draining ones included, with the listener's name. */
  *running(): Iterable<readonly [listener: string, work: RunningWork]> {
    for (const listener of this.all()) for (const work of listener.running()) yield [listener.name, work];
  }

  /** Resets the connections on which that instance runs something. Returns how many there were. */
  cut(instance: ProtocolInstance): number {
    return this.all().reduce((sum, listener) => sum + listener.resetWorkOf(instance), 0);
  }

  /** The bound addresses that the generation has no listener for. */
  leaving(generation: Generation): readonly Address[] {
    const kept = new Set(generation.listeners.map(keyOf));
    return [...this.#listeners]
      .filter(([key]) => !kept.has(key))
      .map(([, listener]) => parseAddress(listener.bound));
  }

  /** The listener that is bound to that very address; undefined when there is none. */
  boundAt(address: Address): Listener | undefined {
    const bound = formatAddress(address);
    return [...this.#listeners.values()].find((listener) => listener.bound === bound);
  }

  /**
   * Binds the listeners that the generation adds, except those whose address one of `leaving` still has.
   *
   * @throws BalanceError when an address can't be bound; then nothing changed
   */
  async prepare(generation: Generation, leaving: readonly Address[]): Promise<PreparedListeners> {
    const added = new Map<string, Listener>();
    const arriving: Listener[] = [];
    const abort = (): void => {
      for (const listener of added.values()) listener.destroy();
    };
    try {
      for (const planned of generation.listeners) {
        const key = keyOf(planned);
        if (this.#listeners.has(key)) continue;
        const listener = this.#make(planned);
        added.set(key, listener);
        if (!(await this.#bind(listener, leaving))) arriving.push(listener);
      }
    } catch (error) {
      abort();
      throw error;
    }
    return {
      arriving,
      commit: () => {
        this.#commit(generation, added);
      },
      abort,
    };
  }

  /** What another process needs to take the listening sockets over. */
  offers(): readonly OfferedSocket[] {
    return [...this.#listeners.values()].flatMap((listener) => listener.offer() ?? []);
  }

  /** Stops accepting; resolves when the last connection is gone. As of {@link Listener.close}. */
  async close(isReplaced = false): Promise<void> {
    const gone = [...this.#draining].map((listener) => listener.close());
    const live = [...this.#listeners.values()].map((listener) => this.#drain(listener, isReplaced));
    this.sockets.close();
    await Promise.all([...gone, ...live]);
  }

  /** Ends all connections now. */
  destroy(): void {
    for (const listener of this.all()) listener.destroy();
    this.#listeners.clear();
    this.sockets.close();
  }

  #make(planned: PlannedListener): Listener {
    const { config, served } = planned;
    const { buffers, logger, telemetry, bindAddresses, resources, overload, nextConnectionId } =
      this.#options;
    return new Listener({
      name: config.name,
      sockets: this.sockets,
      address: parseAddress(config.address),
      bindAddresses,
      maxConnections: config.max_connections,
      places: this.#options.slots?.places(listenerSlot(config)),
      keepAliveMs: config.tcp_keepalive,
      socketMode: config.socket_mode,
      instance: served.instance,
      plugin: served.plugin,
      // Connections may come as soon as it is bound, before the generation is live.
      entrance: entranceOf(planned),
      buffers,
      logger,
      resources,
      overload,
      nextConnectionId,
      countFault: telemetry?.pluginFailed?.bind(telemetry),
    });
  }

  /** Resolves with false when the address is only free once one of `leaving` is gone. */
  async #bind(listener: Listener, leaving: readonly Address[]): Promise<boolean> {
    try {
      await listener.listen();
      return true;
    } catch (error) {
      if (!(error instanceof BalanceError) || error.code !== 'address_in_use') throw error;
      if (leaving.some((address) => mayBlock({ address }, listener.address))) return false;
      const owner = this.#ownerOf(listener.address);
      if (owner === undefined) throw error;
      throw new BalanceError(
        'address_in_use',
        `listener ${listener.name} can't bind ${formatAddress(listener.address)}: listener ${owner.name} stays at ${owner.bound}`,
        { cause: error },
      );
    }
  }

  /** The listener whose bound address is the reason why `address` can't be bound. */
  #ownerOf(address: Address): Listener | undefined {
    return [...this.#listeners.values()].find(({ bound }) => addressesCollide(parseAddress(bound), address));
  }

  #commit(generation: Generation, added: ReadonlyMap<string, Listener>): void {
    const kept = new Set<string>();
    for (const [key, listener] of added) this.#listeners.set(key, listener);
    for (const planned of generation.listeners) {
      const { config, served } = planned;
      const key = keyOf(planned);
      kept.add(key);
      const listener = this.#listeners.get(key);
      if (listener === undefined) continue;
      listener.name = config.name;
      listener.maxConnections = config.max_connections;
      listener.setKeepAlive(config.tcp_keepalive);
      listener.setSocketMode(config.socket_mode);
      const before = this.#served.get(listener);
      const entered = listener.entrances.replaceWith(entranceOf(planned));
      if (entered !== undefined && before !== undefined) passesTo(before)?.closeAfter(entered);
      const connectionsOver = listener.replaceWith(served.instance, served.plugin);
      if (connectionsOver !== undefined) before?.served.closeAfter(connectionsOver);
      this.#served.set(listener, planned);
    }
    for (const [key, listener] of this.#listeners) {
      if (kept.has(key)) continue;
      this.#listeners.delete(key);
      void this.#drain(listener);
    }
  }

  async #drain(listener: Listener, isReplaced = false): Promise<void> {
    this.#draining.add(listener);
    const { served, passing } = this.#served.get(listener) ?? {};
    this.#served.delete(listener);
    const entered = listener.entrances.drain();
    if (entered !== undefined) for (const instance of [served, passing]) instance?.closeAfter(entered);
    await listener.close(isReplaced);
    this.#draining.delete(listener);
    this.#ended = [...this.#ended, listener].slice(-ENDED_KEPT);
  }
}

function entranceOf(planned: PlannedListener): EntranceRules {
  return { layers: planned.layers.list, passing: passesTo(planned)?.instance };
}

/** Who gets the connections that are passed on undecrypted: they need the upstreams of the config by which they came in. */
function passesTo({ config, served, passing }: PlannedListener): LiveInstance | undefined {
  return passing ?? (config.mode === 'tcp' ? served : undefined);
}

/** Two generations share a listener when its socket stays. */
function keyOf({ config }: PlannedListener): string {
  return socketKeyOf(config);
}
