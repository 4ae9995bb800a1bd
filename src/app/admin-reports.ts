import type {
  BackendReport,
  BackendsReport,
  MembershipReport,
  PoolReport,
  RequestsReport,
} from '../admin/routes/backend-routes.ts';
import type { LiveConfigReport } from '../admin/routes/config-route.ts';
import type { ConnectionReport, ListenerConnections } from '../admin/routes/connections-route.ts';
import type { DrainingReport, StatusReport } from '../admin/routes/status-route.ts';
import type { AcceptedConnection } from '../net/listen/accepted-connection.ts';
import type { Listener } from '../net/listen/listener.ts';
import type { ProcessResources } from '../net/resources/process-resources.ts';
import type { RuntimeWays } from '../net/node/node-internals.ts';
import type { ConnectionActivity, ProtocolInstance } from '../plugin-api/index.ts';
import type { PluginLoader } from '../plugins/plugin-loader.ts';
import type { DrainingGenerations, DrainingView } from '../runtime/generation/draining-generations.ts';
import type { Generation } from '../runtime/generation/generation.ts';
import type { LiveInstance } from '../runtime/generation/live-instance.ts';
import type { ListenerTable } from '../runtime/listeners/listener-table.ts';
import type { LiveView } from '../runtime/generation/live-view.ts';
import type { ReloadPipeline } from '../runtime/reload/reload-pipeline.ts';
import type { SharedUpstream } from '../runtime/upstreams/shared-upstream.ts';
import { hostNameReport } from './name-readings.ts';
import type { BackendState } from '../upstream/backend/backend-state.ts';

/** The parts of a proxy that its admin server shows. */
export interface ShownParts {
  readonly version: string;
  readonly live: LiveView;
  readonly draining: DrainingGenerations;
  readonly listeners: ListenerTable;
  readonly plugins: PluginLoader;
  readonly resources: ProcessResources;
  readonly reloads: ReloadPipeline;
  readonly metrics: { totals(backend?: string): RequestsReport | undefined };
  readonly runtimeWays: RuntimeWays;
}

/** What the admin server shows of a proxy, read at the time of asking: nothing is counted for it. */
export class AdminReports {
  readonly #parts: ShownParts;

  constructor(parts: ShownParts) {
    this.#parts = parts;
  }

  status(): StatusReport {
    const { version, live, draining, listeners, plugins, resources, reloads, runtimeWays } = this.#parts;
    const { generation, startedAtMs } = live;
    return {
      version,
      startedAtMs,
      ready: reloads.ready,
      generation: generation && generationReport(generation),
      draining: draining.views().map(drainingReport),
      listeners: listeners.all().map((listener) => ({
        name: listener.name,
        address: listener.bound,
        protocol: listener.instance.protocol,
        connections: listener.connections,
        maxConnections: listener.maxConnections,
        refused: listener.refused,
        shed: listener.shed,
        acceptDescriptors: listener.descriptors,
        draining: listener.draining,
      })),
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

  config(): LiveConfigReport | undefined {
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

  /** All that a generation uses, the live one first. */
  backends(): BackendsReport {
    const { metrics } = this.#parts;
    const backends = [...this.#memberships()].map(([backend, upstreams]) =>
      backendReport(backend, upstreams, metrics.totals(backend.name)),
    );
    return { backends, withoutBackend: metrics.totals() };
  }

  #memberships(): ReadonlyMap<BackendState, readonly MembershipReport[]> {
    const memberships = new Map<BackendState, MembershipReport[]>();
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

  pools(): PoolReport[] {
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

  connections(): ListenerConnections[] {
    const generations = new Map<ProtocolInstance, number>();
    for (const { id, instances } of this.#generations()) {
      for (const { instance } of instances) generations.set(instance, id);
    }
    const nowMs = performance.now();
    return this.#parts.listeners.all().map((listener) => ({
      name: listener.name,
      count: listener.connections,
      *connections() {
        for (const connection of listener.opened()) {
          const report = () => connectionReport(connection, listener, generations, nowMs);
          yield { id: connection.id, report };
        }
      },
    }));
  }

  /** The live one first, then those that drain. What a generation took over from another one is the live one's. */
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

/** What runs on a generation. */
interface ShownGeneration {
  readonly id: number;
  readonly live: boolean;
  readonly upstreams: Iterable<SharedUpstream>;
  readonly instances: Iterable<LiveInstance>;
}

function generationReport({ id, hash, builtAtMs }: Generation) {
  return { id, hash, loadedAtMs: builtAtMs };
}

function drainingReport({
  id,
  hash,
  builtAtMs,
  sinceMs,
  untilMs,
  active,
  holders,
}: DrainingView): DrainingReport {
  const times = { loadedAtMs: builtAtMs, replacedAtMs: sinceMs, cutAtMs: untilMs };
  return { id, hash, ...times, active, holds: holders };
}

function backendReport(
  backend: BackendState,
  upstreams: readonly MembershipReport[],
  requests: RequestsReport | undefined,
): BackendReport {
  const { name, address, hostName, active, sockets, leased, idle, traffic } = backend;
  return {
    name,
    address,
    hostName: hostName && hostNameReport(hostName),
    upstreams,
    active,
    sockets,
    leased,
    idle,
    requests,
    counters: {
      connections_created_total: backend.created,
      connections_reused_total: backend.reused,
      connections_discarded_total: backend.discarded,
      connect_failures_total: backend.connectFailures,
      pool_timeouts_total: backend.poolTimeouts,
      passed_over_total: Object.values(backend.passedOver).reduce((sum, count) => sum + count, 0),
      resends_total: backend.resends,
      received_bytes_total: traffic.bytesReceived,
      sent_bytes_total: traffic.bytesSent,
    },
  };
}

/** What a protocol says about a connection; undefined when it says nothing, or fails at it. */
function activityOf({ handler }: AcceptedConnection): ConnectionActivity | undefined {
  try {
    return handler?.activity?.();
  } catch {
    return undefined;
  }
}

function connectionReport(
  connection: AcceptedConnection,
  listener: Listener,
  generations: ReadonlyMap<ProtocolInstance, number>,
  nowMs: number,
): ConnectionReport {
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
