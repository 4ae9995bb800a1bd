import { getHeapStatistics } from 'node:v8';

import { hostNameReading } from '../../../net/dns/host-name-reading.ts';
import type { NameState } from '../../../net/dns/name-record.ts';
import { runtimeWays } from '../../../net/node/runtime-ways.ts';
import type { ProcessResources } from '../../../net/resources/process-resources.ts';
import type { TunnelStats } from '../../../net/tunnel/tunnel-stats.ts';
import type { ProtocolInstance } from '../../../plugin-api/index.ts';
import type { BackendsReading, PoolsReading } from '../../../readings/upstreams/backend.ts';
import type { ConnectionsQuery, ConnectionsReading } from '../../../readings/connection.ts';
import type { GenerationReading } from '../../../readings/generation.ts';
import type { OverloadReading } from '../../../readings/process.ts';
import type { KnownNames, ProxyReadings, RunningReading } from '../../../readings/proxy.ts';
import type { WorkerReading } from '../../../readings/workers/worker.ts';
import { UtilizationWindow } from '../../../time/utilization-window.ts';
import type { DrainingGeneration, DrainingGenerations } from '../../generation/draining-generations.ts';
import type { Generation } from '../../generation/generation.ts';
import type { LiveView } from '../../generation/live-view.ts';
import type { ListenerTable } from '../../listeners/listener-table.ts';
import type { Registry } from '../../upstreams/registry.ts';
import { backendDetails, backendReadings, poolReadings, type UpstreamsInUse } from './backend-readings.ts';
import { readConnections } from './connection-readings.ts';
import { endedListenerReading, listenerReading, tunnelReadings } from './listener-readings.ts';
import { ReadingIds } from './reading-ids.ts';
import { queueReadings, routeReadings, upstreamDetails, upstreamReadings } from './upstream-readings.ts';

/** The host names that this thread looks up. */
export interface KnownNameStates {
  records(): readonly NameState[];
}

/** The parts that readings are made of. */
export interface ReadParts {
  readonly live: LiveView;
  readonly draining: DrainingGenerations;
  readonly listeners: ListenerTable;
  readonly registry: Registry;
  readonly tunnels: TunnelStats;
  readonly names: KnownNameStates;
  readonly resources: ProcessResources;
  /** Default: this thread is never overloaded. */
  readonly overload?: { readonly reading: OverloadReading | undefined };
  /** Readings get numbers above this one. Readings that are added up must not share numbers. */
  readonly lastReadingId: number;
}

const NO_NAMES: KnownNames = { backends: [], listeners: [], upstreams: [] };

/** Reads the moving parts at the time of asking: nothing is counted for it, and a reading does not change afterwards. */
export class ProxyReader {
  readonly #parts: ReadParts;
  readonly #ids: ReadingIds;
  readonly #runtimeWays = runtimeWays();
  readonly #utilization = new UtilizationWindow();

  constructor(parts: ReadParts) {
    this.#parts = parts;
    this.#ids = new ReadingIds(parts.lastReadingId);
  }

  /**
   * Everything that a scrape of the metrics shows.
   *
   * @param kept names that are not here any more, and whose counts stay
   */
  read(kept = NO_NAMES): ProxyReadings {
    const { live, draining, listeners, registry, tunnels, names, resources } = this.#parts;
    const generations = this.#generations();
    return {
      generations: generations.map((generation) => generationReading(generation, live)),
      listeners: [
        ...listeners.all().map((listener) => listenerReading(listener, this.#ids)),
        ...listeners.replaced().map((listener) => endedListenerReading(listener, this.#ids)),
      ],
      routes: routeReadings(live.generation),
      backends: backendReadings(registry.backends(), live, draining, this.#ids),
      upstreams: upstreamReadings(live.generation),
      queues: queueReadings(generations),
      tunnels: tunnelReadings(
        tunnels,
        [...namesOf(listeners.all()), ...kept.listeners],
        [...namesOf(registry.backends()), ...kept.backends],
      ),
      hostNames: names.records().map(hostNameReading),
      shortages: { ...resources.counts },
      overload: this.#parts.overload?.reading,
      openFilesLimit: resources.readLimit(),
      unanswered: [],
    };
  }

  /** The names that exist now. Cheaper than {@link read}. */
  known(): KnownNames {
    const { listeners, registry } = this.#parts;
    return {
      backends: namesOf(registry.backends()),
      listeners: namesOf(listeners.all()),
      upstreams: queueReadings(this.#generations()).map(({ upstream }) => upstream),
    };
  }

  /** What runs, for `/status`. */
  running(): RunningReading {
    const { live, draining, listeners, resources } = this.#parts;
    const { generation, startedAtMs } = live;
    const ways = this.#runtimeWays;
    return {
      startedAtMs,
      generation: generation && generationReading(generation, live),
      draining: draining.readings(),
      listeners: listeners.all().map((listener) => listenerReading(listener, this.#ids)),
      resources: resources.reading(),
      overload: this.#parts.overload?.reading,
      runtimeWays: { ...ways, acceptBursts: ways.interceptedAccept && listeners.sockets.hasBursts },
      unanswered: [],
    };
  }

  backends(): BackendsReading {
    return {
      backends: backendDetails(this.#inUse(), this.#ids),
      upstreams: upstreamDetails(this.#parts.live.generation),
      unanswered: [],
    };
  }

  pools(): PoolsReading {
    return { pools: poolReadings(this.#inUse()), unanswered: [] };
  }

  /** This thread as the one worker that there is. */
  worker(): WorkerReading {
    const { live, listeners } = this.#parts;
    const { generation, startedAtMs } = live;
    return {
      id: 1,
      state: generation === undefined ? 'starting' : 'serving',
      sinceMs: startedAtMs,
      restarts: [],
      lastEnd: undefined,
      connections: listeners.all().reduce((sum, { connections }) => sum + connections, 0),
      utilization: this.#utilization.read(),
      generation: generation?.id ?? 0,
      beatAgeMs: 0,
      heapUsedBytes: getHeapStatistics().used_heap_size,
    };
  }

  connections(query: ConnectionsQuery): ConnectionsReading {
    const { live, draining, listeners } = this.#parts;
    const generations = new Map<ProtocolInstance, number>();
    for (const { id, instances } of draining.all())
      for (const { instance } of instances) generations.set(instance, id);
    for (const { instance } of live.generation?.instances ?? [])
      generations.set(instance, live.generation?.id ?? 0);
    return readConnections(listeners.all(), generations, query);
  }

  /** The live generation, then those that drain, newest first. */
  #generations(): (Generation | DrainingGeneration)[] {
    const { live, draining } = this.#parts;
    return [...(live.generation === undefined ? [] : [live.generation]), ...draining.all()];
  }

  #inUse(): UpstreamsInUse[] {
    const { live } = this.#parts;
    return this.#generations().map((generation) => ({
      live: generation === live.generation,
      upstreams: generation.upstreams.values(),
    }));
  }
}

function namesOf(named: readonly { readonly name: string }[]): string[] {
  return named.map(({ name }) => name);
}

function generationReading(generation: Generation | DrainingGeneration, live: LiveView): GenerationReading {
  const { id, hash, builtAtMs: loadedAtMs, active } = generation;
  return { id, hash, loadedAtMs, active, isLive: generation === live.generation };
}
