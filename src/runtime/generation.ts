import type { Config, Listener as ListenerConfig } from '../config/config.generated.ts';
import type { ProtocolInstance } from '../plugin-api/index.ts';
import type { UpstreamGroup } from '../upstream/upstream-group.ts';
import type { Unwinding } from './unwinding.ts';

/** A listener of the config with the protocol instance that serves it in this generation. */
export interface PlannedListener {
  readonly config: ListenerConfig;
  readonly instance: ProtocolInstance;
}

/** Everything that one accepted config built. Never changed: an edit builds another one. */
export class Generation {
  readonly id: number;
  readonly hash: string;
  readonly config: Config;
  readonly upstreams: ReadonlyMap<string, UpstreamGroup>;
  readonly listeners: readonly PlannedListener[];
  readonly #holdings: Unwinding;

  constructor(
    id: number,
    hash: string,
    config: Config,
    upstreams: ReadonlyMap<string, UpstreamGroup>,
    listeners: readonly PlannedListener[],
    holdings: Unwinding,
  ) {
    this.id = id;
    this.hash = hash;
    this.config = config;
    this.upstreams = upstreams;
    this.listeners = listeners;
    this.#holdings = holdings;
  }

  /** Exchanges and tunnels that still run on it. */
  get active(): number {
    return this.listeners.reduce((sum, { instance }) => sum + instance.active, 0);
  }

  /** Nothing new begins on it; resolves, and lets go of what it holds, when the last exchange and tunnel is over. */
  async close(): Promise<void> {
    await Promise.all(this.listeners.map(({ instance }) => instance.close()));
    this.#holdings.unwind();
  }

  /** Lets go of what it holds without waiting: for a generation that never went live, or a process that ends. */
  destroy(): void {
    this.#holdings.unwind();
  }
}
