import type { LiveConfigReading } from '../admin/routes/config-route.ts';
import type { AcceptedConnection } from '../net/listen/accepted-connection.ts';
import type { Listener } from '../net/listen/listener.ts';
import type { ProcessResources } from '../net/resources/process-resources.ts';
import type { RuntimeWays } from '../net/node/node-internals.ts';
import type { ConnectionActivity, ProtocolInstance } from '../plugin-api/index.ts';
import type { PluginLoader } from '../plugins/plugin-loader.ts';
import type { DrainingGenerations, DrainingView } from '../runtime/generation/draining-generations.ts';
import type { LiveInstance } from '../runtime/generation/live-instance.ts';
import type { ListenerTable } from '../runtime/listeners/listener-table.ts';
import type { LiveView } from '../runtime/generation/live-view.ts';
import type { ReloadPipeline } from '../runtime/reload/reload-pipeline.ts';
import type { SharedUpstream } from '../runtime/upstreams/shared-upstream.ts';
import { hostNameReading } from './name-readings.ts';
import { backendReading, generationReading, listenerReading } from './metrics-source.ts';
import { ReadingIds } from './reading-ids.ts';
import type { BackendDetails, MembershipReading, PoolReading } from '../readings/backend.ts';
import type { ConnectionReading, ConnectionsQuery, ConnectionsReading } from '../readings/connection.ts';
import type { DrainingReading } from '../readings/generation.ts';
import type { StatusReading } from '../readings/proxy.ts';
import type { RequestTotals } from '../readings/telemetry.ts';
import type { BackendState } from '../upstream/backend/backend-state.ts';

/** The parts of the proxy that its admin server shows. */
export interface ShownParts {
  readonly version: string;
  readonly live: LiveView;
  readonly draining: DrainingGenerations;
  readonly listeners: ListenerTable;
  readonly plugins: PluginLoader;
  readonly resources: ProcessResources;
  readonly reloads: ReloadPipeline;
  readonly metrics: { totals(backend?: string): RequestTotals | undefined };
  readonly runtimeWays: RuntimeWays;
}

/** Reads what the admin server shows of the proxy, at the time of each request. */
export class AdminReports {
  readonly #parts: ShownParts;
  readonly #ids = new ReadingIds();

  constructor(parts: ShownParts) {
    this.#parts = parts;
  }

  status(): StatusReading {
    const { version, live, draining, listeners, plugins, resources, reloads, runtimeWays } = this.#parts;
    const { generation, startedAtMs } = live;
    return {
      version,
      startedAtMs,
      ready: reloads.ready,
      generation: generation && generationReading(generation, live),
      draining: draining.views().map(drainingReading),
      listeners: listeners.all().map((listener) => listenerReading(listener, this.#ids)),
      plugins: {
        loaded: [...plugins.live].map(({ name, origin }) => ({ name, file: origin.file, hash: origin.hash })),
        failures: plugins.failures,
        ignored: plugins.ignored,
        importedStates: plugins.importedStates,
      },
      resources: resources.reading(),
      lastReload: reloads.journal.last,
      runtimeWays: { ...runtimeWays, acceptBursts: runtimeWays.interceptedAccept && listeners.copier.isOpen },
    };
  }

  config(): LiveConfigReading | undefined {
    const { live, reloads } = this.#parts;
    const { generation } = live;
    if (generation === undefined) return undefined;
    const files = reloads.live?.sources.files ?? [];
    return {
      config: generation.config,
      generation: generation.id,
      hash: generation.hash,
      files: files.map(({ file, role, hash }) => ({ file, role, hash })),
      loadedAtMs: generation.builtAtMs,
      source: reloads.journal.lastSuccess?.source ?? 'start',
    };
  }

  /** All backends that a generation uses, those of the live one first. */
  backends(): BackendDetails[] {
    return Array.from(this.#memberships(), ([backend, memberships]) => {
      const { hostName } = backend;
      const healthy = memberships.every((membership) => membership.healthy);
      return {
        ...backendReading(backend, healthy, this.#ids),
        hostName: hostName && hostNameReading(hostName),
        memberships,
      };
    });
  }

  #memberships(): ReadonlyMap<BackendState, readonly MembershipReading[]> {
    const memberships = new Map<BackendState, MembershipReading[]>();
    for (const { live, upstreams } of this.#generations()) {
      for (const group of upstreams) {
        for (const { backend, weight, maxConnections, healthy, health } of group.members) {
          const known = memberships.get(backend) ?? [];
          memberships.set(backend, known);
          if (!live && known.length > 0) continue;
          known.push({
            upstream: group.name,
            weight,
            maxConnections,
            healthy,
            changedAtMs: health?.changedAtMs,
            lastCheckAtMs: health?.lastCheckAtMs,
            lastError: health?.lastError,
            live,
          });
        }
      }
    }
    return memberships;
  }

  pools(): PoolReading[] {
    const backends = new Set<BackendState>();
    for (const { upstreams } of this.#generations()) {
      for (const { members } of upstreams) for (const { backend } of members) backends.add(backend);
    }
    return [...backends].flatMap(({ name, address, pools }) =>
      [...pools].map(({ use, leased, idle, waiting, settings }) => ({
        backend: name,
        address,
        use,
        leased,
        idle,
        waiting,
        maxSize: settings.maxSize,
        minIdle: settings.minIdle,
        maxIdle: settings.maxIdle,
        maxIdleTimeMs: settings.maxIdleTimeMs,
      })),
    );
  }

  requests(backend?: string): RequestTotals | undefined {
    return this.#parts.metrics.totals(backend);
  }

  connections({ listener: wanted, after, limit }: ConnectionsQuery): ConnectionsReading {
    const generations = new Map<ProtocolInstance, number>();
    for (const { id, instances } of this.#generations()) {
      for (const { instance } of instances) generations.set(instance, id);
    }
    const nowMs = performance.now();
    const counts = new Map<string, number>();
    const found: ConnectionReading[] = [];
    let total = 0;
    for (const listener of this.#parts.listeners.all()) {
      total += listener.connections;
      counts.set(listener.name, (counts.get(listener.name) ?? 0) + listener.connections);
      if (wanted !== undefined && listener.name !== wanted) continue;
      for (const connection of firstOf(listener.opened(), after, limit))
        found.push(connectionReading(connection, listener, generations, nowMs));
    }
    const connections = found.sort((a, b) => a.id - b.id).slice(0, limit);
    return { total, byListener: Object.fromEntries(counts), connections };
  }

  /** The live generation first, then those that drain. What the live one took over from an older one counts as the live one's. */
  #generations(): ShownGeneration[] {
    const { live, draining } = this.#parts;
    const old = draining
      .all()
      .map(({ id, upstreams, instances }) => ({ id, upstreams, instances, live: false }));
    if (live.generation === undefined) return old;
    const { id, upstreams, listeners } = live.generation;
    const instances = listeners.map(({ served }) => served);
    return [{ id, upstreams: [...upstreams.values()], instances, live: true }, ...old];
  }
}

/** The upstreams and protocol instances of a generation. */
interface ShownGeneration {
  readonly id: number;
  readonly live: boolean;
  readonly upstreams: Iterable<SharedUpstream>;
  readonly instances: Iterable<LiveInstance>;
}

function drainingReading({
  id,
  hash,
  builtAtMs: loadedAtMs,
  sinceMs: replacedAtMs,
  untilMs: cutAtMs,
  active,
  holders: holds,
}: DrainingView): DrainingReading {
  return { id, hash, loadedAtMs, isLive: false, active, replacedAtMs, cutAtMs, holds };
}

/** The first connections whose ids are above `after`. */
function firstOf(
  connections: Iterable<AcceptedConnection>,
  after: number,
  limit: number,
): AcceptedConnection[] {
  const found: AcceptedConnection[] = [];
  for (const connection of connections) {
    if (connection.id <= after) continue;
    if (found.length === limit) break;
    found.push(connection);
  }
  return found;
}

/** What a protocol says about a connection; undefined when it says nothing, or throws. */
function activityOf({ handler }: AcceptedConnection): ConnectionActivity | undefined {
  try {
    return handler?.activity?.();
  } catch {
    return undefined;
  }
}

function connectionReading(
  connection: AcceptedConnection,
  listener: Listener,
  generations: ReadonlyMap<ProtocolInstance, number>,
  nowMs: number,
): ConnectionReading {
  const { id, acceptedAtMs } = connection;
  const { address: remoteAddress, port: remotePort } = connection.transport.peer;
  const activity = activityOf(connection);
  const instance = activity === undefined ? connection.takenBy : activity.instance;
  const host = remoteAddress.includes(':') ? `[${remoteAddress}]` : remoteAddress;
  return {
    id,
    listener: listener.name,
    client: remoteAddress === 'unix' ? 'unix' : `${host}:${String(remotePort)}`,
    protocol: (instance ?? listener.instance).protocol,
    ageMs: nowMs - acceptedAtMs,
    state: activity?.state,
    exchanges: activity?.exchanges,
    generation: instance && generations.get(instance),
    backend: activity?.backend?.name,
  };
}
