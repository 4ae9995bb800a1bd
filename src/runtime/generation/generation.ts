import type { Config, Listener as ListenerConfig } from '../../config/schema/config.generated.ts';
import type { ConfigFiles } from '../../config/files/config-files.ts';
import type { SocketUse } from '../../plugin-api/index.ts';
import type { LiveInstance } from './live-instance.ts';
import type { ListenerLayers } from '../layers/listener-layers.ts';
import type { SocketPool } from '../../upstream/pool/socket-pool.ts';
import type { Ref } from '../../net/resources/ref-counted-map.ts';
import type { SharedUpstream } from '../upstreams/shared-upstream.ts';
import { TimeSlicer } from '../../time/time-slicer.ts';

/** A listener of the config, and what serves it in this generation. */
export interface PlannedListener {
  readonly config: ListenerConfig;
  readonly served: LiveInstance;
  /** What runs on each connection before the instance gets it. */
  readonly layers: ListenerLayers;
  /** The instance of tcp that gets the connections which are passed on undecrypted; undefined where {@link served} gets them too, or none is passed on. */
  readonly passing?: LiveInstance | undefined;
}

export interface GenerationPlan {
  readonly id: number;
  readonly hash: string;
  readonly config: Config;
  readonly upstreams: ReadonlyMap<string, SharedUpstream>;
  readonly listeners: readonly PlannedListener[];
  readonly files: ConfigFiles;
}

/**
 * Everything that one accepted config asks for. It never changes: an edit builds another generation, which shares with this one the
 * upstreams and protocol instances whose config stayed the same.
 */
export class Generation {
  readonly id: number;
  readonly hash: string;
  readonly config: Config;
  readonly upstreams: ReadonlyMap<string, SharedUpstream>;
  readonly listeners: readonly PlannedListener[];
  /** The files that keys of the config name. */
  readonly files: ConfigFiles;
  readonly builtAtMs = Date.now();

  constructor({ id, hash, config, upstreams, listeners, files }: GenerationPlan) {
    this.id = id;
    this.hash = hash;
    this.config = config;
    this.upstreams = upstreams;
    this.listeners = listeners;
    this.files = files;
  }

  /** Exchanges and tunnels that run on this generation. */
  get active(): number {
    return this.instances.reduce((sum, instance) => sum + instance.active, 0);
  }

  /** The protocol instances of all listeners. */
  get instances(): readonly LiveInstance[] {
    return this.listeners.flatMap(({ served, passing }) =>
      passing === undefined ? [served] : [served, passing],
    );
  }

  /** This generation goes live in place of `previous`: shared instances see its upstreams, and requests that wait at an upstream wait at its successor. */
  replace(previous: Generation | undefined): void {
    for (const { host } of this.instances) host.replaceUpstreams(this.upstreams);
    for (const [name, { group: before }] of previous?.upstreams ?? []) {
      const group = this.upstreams.get(name)?.group;
      if (group !== before) before.replaceWith(group);
    }
    for (const { group } of this.upstreams.values()) group.panic?.goLive();
    void releaseAll([], this.#unusedPools());
  }

  /** `next` has replaced this generation: releases the upstreams that `next` does not share. Returns the instances that may still run something. */
  releaseExcept(next: Generation): readonly LiveInstance[] {
    void releaseAll(this.#upstreamsNotIn(next), []);
    return this.#instancesNotIn(next);
  }

  /** This generation never goes live: releases everything that it does not share with the live one. */
  async abort(live: Generation | undefined): Promise<void> {
    for (const instance of this.#instancesNotIn(live)) instance.destroy();
    await releaseAll(this.#upstreamsNotIn(live), live === undefined ? [] : live.#unusedPools());
  }

  /** Nothing new begins on this generation. Resolves when its last exchange and tunnel is over and everything is released. */
  async close(): Promise<void> {
    await Promise.all(this.instances.map((instance) => instance.close()));
    this.destroy();
  }

  /** Releases everything without waiting, because the process ends. */
  destroy(): void {
    for (const instance of this.instances) instance.destroy();
    for (const upstream of this.upstreams.values()) upstream.destroy();
  }

  #instancesNotIn(other: Generation | undefined): readonly LiveInstance[] {
    const kept = new Set(other?.instances);
    return this.instances.filter((instance) => !kept.has(instance));
  }

  #upstreamsNotIn(other: Generation | undefined): readonly SharedUpstream[] {
    const kept = new Set(other?.upstreams.values());
    return [...this.upstreams.values()].filter((upstream) => !kept.has(upstream));
  }

  /** Takes from the upstreams the pools that no instance of this generation uses. */
  #unusedPools(): readonly Ref<SocketPool>[] {
    const uses = new Map<SharedUpstream, Set<SocketUse>>();
    for (const { host } of this.instances) {
      for (const [upstream, used] of host.used) {
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

/** Releases pools, then upstreams, in slices. Never rejects. */
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
