import type { Config } from '../config/config.generated.ts';
import type { UpstreamGroup } from '../upstream/upstream-group.ts';
import type { PlannedListener } from './planned-listener.ts';
import type { Unwinding } from './unwinding.ts';

/** Everything that one accepted config built. Never changed: an edit builds another one. */
export class Generation {
  readonly id: number;
  readonly hash: string;
  readonly config: Config;
  readonly upstreams: ReadonlyMap<string, UpstreamGroup>;
  readonly listeners: readonly PlannedListener[];
  readonly builtAtMs = Date.now();
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
    await Promise.all(this.listeners.map((listener) => listener.close()));
    this.#holdings.unwind();
  }

  /** Lets go of what it holds without waiting: for a generation that never went live, or a process that ends. */
  destroy(): void {
    this.#holdings.unwind();
  }
}
