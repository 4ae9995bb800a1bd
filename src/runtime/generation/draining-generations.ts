import type { RunningWork } from '../../net/listen/accepted-connection.ts';
import type { Logger, ProtocolInstance } from '../../plugin-api/index.ts';
import type { DrainingReading, HoldReading } from '../../readings/generation.ts';
import { DrainLines } from './drain-lines.ts';
import type { Generation } from './generation.ts';
import type { LiveInstance } from './live-instance.ts';
import type { SharedUpstream } from '../upstreams/shared-upstream.ts';

/** A timer of Node.js that is set for longer fires at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;
/** Requests and tunnels that were cut have this time to end. After it the generation counts as gone. */
const CUT_GRACE_MS = 5_000;

/** The listeners, as far as replaced generations need them. */
export interface RunningListeners {
  /** All exchanges and tunnels that run, with the names of listeners. */
  running(): Iterable<readonly [listener: string, work: RunningWork]>;
  /** Resets the connections on which an instance runs something. Returns how many there were. */
  cut(instance: ProtocolInstance): number;
}

/** The generations that were replaced and still run something. Each of them ends by itself, or is cut after `reload.drain_timeout`. */
export class DrainingGenerations {
  readonly #listeners: RunningListeners;
  readonly #logger: Logger;
  readonly #generations = new Set<DrainingGeneration>();
  readonly #lines: DrainLines;
  #limitMs = 0;

  constructor(listeners: RunningListeners, logger: Logger) {
    this.#listeners = listeners;
    this.#logger = logger;
    this.#lines = new DrainLines({ logger, generations: this });
  }

  get size(): number {
    return this.#generations.size;
  }

  /** Newest first. */
  all(): readonly DrainingGeneration[] {
    return [...this.#generations].reverse();
  }

  /** The generations with what runs on them, newest first. Looks at every connection. */
  readings(): readonly DrainingReading[] {
    if (this.#generations.size === 0) return [];
    const holds = new Map<ProtocolInstance, Map<string, HoldReading>>();
    for (const { instances } of this.#generations)
      for (const { instance } of instances) holds.set(instance, new Map());
    for (const [listener, work] of this.#listeners.running()) {
      const counted = holds.get(work.instance);
      if (counted !== undefined) countHold(counted, listener, work);
    }
    return this.all().map((generation) => ({
      id: generation.id,
      hash: generation.hash,
      loadedAtMs: generation.builtAtMs,
      isLive: false,
      active: generation.active,
      replacedAtMs: generation.sinceMs,
      cutAtMs: this.#limitMs === 0 ? undefined : generation.sinceMs + this.#limitMs,
      holds: [...generation.instances].flatMap(({ instance }) => [...(holds.get(instance)?.values() ?? [])]),
    }));
  }

  /** Sets how long a replaced generation may drain, also for generations that drain already. 0: without limit. */
  limit(limitMs: number): void {
    if (limitMs === this.#limitMs) return;
    this.#limitMs = limitMs;
    for (const generation of this.#generations) this.#arm(generation);
  }

  /** Drains the instances of a generation that was replaced. It is forgotten when the last exchange or tunnel on them is over. */
  add(replaced: Generation, instances: readonly LiveInstance[]): void {
    if (instances.length === 0) return;
    const generation = new DrainingGeneration(replaced, instances);
    this.#generations.add(generation);
    this.#lines.begin(generation.id);
    for (const instance of instances) void this.#drain(generation, instance);
    this.#arm(generation);
  }

  destroy(): void {
    this.#lines.destroy();
    for (const generation of this.#generations) {
      clearTimeout(generation.timer);
      for (const instance of generation.instances) instance.destroy();
    }
    this.#generations.clear();
  }

  async #drain(generation: DrainingGeneration, instance: LiveInstance): Promise<void> {
    await instance.close();
    this.#over(generation, instance);
  }

  #over(generation: DrainingGeneration, instance: LiveInstance): void {
    generation.instances.delete(instance);
    if (generation.instances.size > 0) return;
    clearTimeout(generation.timer);
    if (this.#generations.delete(generation)) this.#lines.over(generation.id, generation.sinceMs);
  }

  #arm(generation: DrainingGeneration): void {
    clearTimeout(generation.timer);
    if (this.#limitMs === 0) return;
    const restMs = generation.sinceMs + this.#limitMs - Date.now();
    generation.timer = setTimeout(
      () => {
        this.#cut(generation);
      },
      Math.min(Math.max(restMs, 0), MAX_TIMER_MS),
    ).unref();
  }

  #cut(generation: DrainingGeneration): void {
    let connections = 0;
    for (const { instance } of generation.instances) connections += this.#listeners.cut(instance);
    this.#logger.warn('drain took too long, connections are cut', {
      generation: generation.id,
      connections,
      limit_ms: this.#limitMs,
    });
    generation.timer = setTimeout(() => {
      this.#destroy(generation);
    }, CUT_GRACE_MS).unref();
  }

  /** Releases what a protocol holds that does not notice the end of its connections. */
  #destroy(generation: DrainingGeneration): void {
    for (const instance of [...generation.instances]) {
      instance.destroy();
      this.#over(generation, instance);
    }
  }
}

/** A generation that was replaced: the instances on which exchanges or tunnels still run, and the upstreams that these use. */
export class DrainingGeneration {
  readonly id: number;
  readonly hash: string;
  readonly builtAtMs: number;
  readonly sinceMs = Date.now();
  /** The instances on which something still runs. */
  readonly instances: Set<LiveInstance>;
  timer: NodeJS.Timeout | undefined;

  constructor({ id, hash, builtAtMs }: Generation, instances: readonly LiveInstance[]) {
    this.id = id;
    this.hash = hash;
    this.builtAtMs = builtAtMs;
    this.instances = new Set(instances);
  }

  /** The upstreams that these instances use. */
  get upstreams(): ReadonlySet<SharedUpstream> {
    return new Set([...this.instances].flatMap(({ host }) => [...host.used.keys()]));
  }

  get active(): number {
    let active = 0;
    for (const instance of this.instances) active += instance.active;
    return active;
  }
}

function countHold(counted: Map<string, HoldReading>, listener: string, work: RunningWork): void {
  const { kind, upstream, instance } = work;
  const backend = work.backend?.name ?? '';
  const key = JSON.stringify([listener, kind, upstream, backend]);
  const count = (counted.get(key)?.count ?? 0) + 1;
  counted.set(key, { listener, protocol: instance.protocol, kind, upstream, backend, count });
}
