import type { ProtocolInstance, ProtocolPlugin } from '../../plugin-api/index.ts';
import type { ListenerHost } from './listener-host.ts';

/** A protocol instance, with its host. An edit that does not concern it keeps it: then the next generation shares it. */
export class LiveInstance {
  readonly instance: ProtocolInstance;
  readonly plugin: ProtocolPlugin;
  readonly host: ListenerHost;
  /** Content hashes of the files that its config names: they may change while the config stays the same. */
  readonly stamp: string;
  #connectionsOver: Promise<void> | undefined;
  #closed: Promise<void> | undefined;

  constructor(instance: ProtocolInstance, plugin: ProtocolPlugin, host: ListenerHost, stamp: string) {
    this.instance = instance;
    this.plugin = plugin;
    this.host = host;
    this.stamp = stamp;
  }

  /** Exchanges and tunnels that run on it. A plugin may give nonsense here, or throw: that counts as 0. */
  get active(): number {
    try {
      const { active } = this.instance;
      return Number.isFinite(active) && active > 0 ? active : 0;
    } catch {
      return 0;
    }
  }

  /** Connections stay with this instance, or are on their way to it, although it was replaced: {@link close} waits until `over` resolves. */
  closeAfter(over: Promise<void>): void {
    const before = this.#connectionsOver;
    this.#connectionsOver = before === undefined ? over : before.then(() => over);
  }

  /**
   * Asks the instance to close, once, and releases its upstreams when it has closed. Never rejects: an error of the plugin is only logged.
   */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  /** Asks the instance to close, and releases its upstreams without waiting for that. */
  destroy(): void {
    void this.close();
    this.host.close();
  }

  async #close(): Promise<void> {
    this.host.drain();
    if (this.#connectionsOver !== undefined) await this.#connectionsOver;
    try {
      await this.instance.close();
    } catch (error) {
      this.host.failed('protocol failed to close', error);
    }
    this.host.close();
  }
}
