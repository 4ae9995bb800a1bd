import type { Config } from '../../config/schema/config.generated.ts';
import type { SocketUse } from '../../plugin-api/index.ts';
import type { LiveInstance } from './live-instance.ts';
import type { PlannedListener } from './planned-listener.ts';
import type { SocketPool } from '../../upstream/pool/socket-pool.ts';
import type { Ref } from '../upstreams/ref-counted-map.ts';
import type { SharedUpstream } from '../upstreams/shared-upstream.ts';
import { TimeSlicer } from '../../time/time-slicer.ts';

export interface GenerationPlan {
  readonly id: number;
  readonly hash: string;
  readonly config: Config;
  readonly upstreams: ReadonlyMap<string, SharedUpstream>;
  readonly listeners: readonly PlannedListener[];
}

/**
 * Everything that one accepted config asks for. Never changed: an edit builds another one, and what that one asks for in the
 * same words it takes over.
 */
export class Generation {
  readonly id: number;
  readonly hash: string;
  readonly config: Config;
  readonly upstreams: ReadonlyMap<string, SharedUpstream>;
  readonly listeners: readonly PlannedListener[];
  readonly builtAtMs = Date.now();

  constructor({ id, hash, config, upstreams, listeners }: GenerationPlan) {
    this.id = id;
    this.hash = hash;
    this.config = config;
    this.upstreams = upstreams;
    this.listeners = listeners;
  }

  /** Exchanges and tunnels that run on it. */
  get active(): number {
    return this.listeners.reduce((sum, { served }) => sum + served.active, 0);
  }

  /** It goes live in place of another one, and takes over what that one has and it asks for too. */
  takeOver(previous: Generation | undefined): void {
    for (const { served } of this.listeners) served.host.carryOver(this.upstreams);
    for (const [name, { group: before }] of previous?.upstreams ?? []) {
      const group = this.upstreams.get(name)?.group;
      if (group !== before) before.replaceWith(group);
    }
    void releaseAll([], this.#unusedPools());
  }

  /** It was replaced: gives up what the next one has not taken over. Returns the instances that may still run something. */
  retire(next: Generation): readonly LiveInstance[] {
    void releaseAll(this.#upstreamsNotIn(next), []);
    return this.#instancesNotIn(next);
  }

  /** It never went live: gives up what the live one, if there is one, does not have. */
  async discard(live: Generation | undefined): Promise<void> {
    for (const instance of this.#instancesNotIn(live)) instance.abandon();
    await releaseAll(this.#upstreamsNotIn(live), live === undefined ? [] : live.#unusedPools());
  }

  /** Nothing new begins on it; resolves when the last exchange and tunnel is over, and everything is let go of. */
  async close(): Promise<void> {
    await Promise.all(this.listeners.map(({ served }) => served.close()));
    this.destroy();
  }

  /** Lets go of everything without waiting, as the process ends. */
  destroy(): void {
    for (const { served } of this.listeners) served.abandon();
    for (const upstream of this.upstreams.values()) upstream.destroy();
  }

  #instancesNotIn(other: Generation | undefined): readonly LiveInstance[] {
    const kept = new Set(other?.listeners.map(({ served }) => served));
    return this.listeners.map(({ served }) => served).filter((served) => !kept.has(served));
  }

  #upstreamsNotIn(other: Generation | undefined): readonly SharedUpstream[] {
    const kept = new Set(other?.upstreams.values());
    return [...this.upstreams.values()].filter((upstream) => !kept.has(upstream));
  }

  /** Takes from the upstreams the pools that no instance of this generation uses. */
  #unusedPools(): readonly Ref<SocketPool>[] {
    const uses = new Map<SharedUpstream, Set<SocketUse>>();
    for (const { served } of this.listeners) {
      for (const [upstream, used] of served.host.used) {
        const all = uses.get(upstream) ?? new Set();
        for (const use of used) all.add(use);
        uses.set(upstream, all);
      }
    }
    return [...this.upstreams.values()].flatMap((upstream) =>
      upstream.takeOtherPools(uses.get(upstream) ?? new Set()),
    );
  }
}

/** Slice by slice, one after the other. Never rejects. */
async function releaseAll(
  upstreams: readonly SharedUpstream[],
  pools: readonly Ref<SocketPool>[],
): Promise<void> {
  const slicer = new TimeSlicer();
  await slicer.forEach(pools, (pool) => {
    pool.release();
  });
  for (const upstream of upstreams) await upstream.drain(slicer);
}
