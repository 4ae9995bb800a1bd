import type { ProtocolInstance, ProtocolPlugin } from '../../plugin-api/index.ts';
import type { ListenerHost } from './protocol-host.ts';

/** A protocol instance with what it holds. An edit that changes nothing about it keeps it: only its generation is another one then. */
export class LiveInstance {
  readonly instance: ProtocolInstance;
  readonly plugin: ProtocolPlugin;
  readonly host: ListenerHost;
  /** Tells apart what can't be compared by the config alone, as the content of files that it names. */
  readonly stamp: string;
  #kept: Promise<void> | undefined;
  #closed: Promise<void> | undefined;

  constructor(instance: ProtocolInstance, plugin: ProtocolPlugin, host: ListenerHost, stamp: string) {
    this.instance = instance;
    this.plugin = plugin;
    this.host = host;
    this.stamp = stamp;
  }

  /** Exchanges and tunnels that run on it; what a plugin says about that is not believed blindly. */
  get active(): number {
    try {
      const { active } = this.instance;
      return Number.isFinite(active) && active > 0 ? active : 0;
    } catch {
      return 0;
    }
  }

  /** Connections keep to it although it was replaced: it may not close before that is over. */
  keepUntil(over: Promise<void>): void {
    this.#kept = over;
  }

  /**
   * Asks the instance once to close, and lets go of its upstreams when it has. Never rejects: what a plugin fails at
   * keeps nobody from going on.
   */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  /** Lets go of its upstreams without waiting for it. */
  abandon(): void {
    void this.close();
    this.host.close();
  }

  async #close(): Promise<void> {
    this.host.retire();
    if (this.#kept !== undefined) await this.#kept;
    try {
      await this.instance.close();
    } catch (error) {
      this.host.failed('protocol failed to close', error);
    }
    this.host.close();
  }
}
