import type { Listener } from '../net/listen/listener.ts';
import type { NameResolver } from '../net/dns/name-resolver.ts';
import type { ProcessResources } from '../net/resources/process-resources.ts';
import type { TunnelStats } from '../net/tunnel/tunnel-stats.ts';
import type { DrainingGeneration, DrainingGenerations } from '../runtime/generation/draining-generations.ts';
import type { Generation } from '../runtime/generation/generation.ts';
import type { ListenerTable } from '../runtime/listeners/listener-table.ts';
import type { LiveView } from '../runtime/generation/live-view.ts';
import type { Registry } from '../runtime/upstreams/registry.ts';
import type { ReloadJournal } from '../runtime/reload/outcome/reload-journal.ts';
import type { SharedUpstream } from '../runtime/upstreams/shared-upstream.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { Logging } from '../telemetry/logs/logging.ts';
import type { MetricsSource } from '../telemetry/metrics/snapshot/metrics-source.ts';
import type { TelemetryControl } from '../telemetry/control/telemetry-control.ts';
import { knownRoutes } from './known-routes.ts';
import { hostNameReading } from './name-readings.ts';
import { ReadingIds } from './reading-ids.ts';
import type { BackendReading } from '../readings/backend.ts';
import type { GenerationReading } from '../readings/generation.ts';
import type { ListenerReading } from '../readings/listener.ts';
import type { ReloadTotals } from '../readings/reload.ts';
import type { TunnelReading } from '../readings/tunnel.ts';
import type { MemberState, QueueReading, UpstreamReading } from '../readings/upstream.ts';
import type { BackendState } from '../upstream/backend/backend-state.ts';
import type { Member } from '../upstream/group/member.ts';
import type { PluginLoader } from '../plugins/plugin-loader.ts';

/** The parts that the metrics read at each scrape. */
export interface MeteredParts {
  readonly version: string;
  readonly live: LiveView;
  readonly draining: DrainingGenerations;
  readonly registry: Registry;
  readonly names: NameResolver;
  readonly listeners: ListenerTable;
  readonly journal: ReloadJournal;
  readonly tunnels: TunnelStats;
  readonly telemetry: Telemetry;
  readonly telemetryControl: TelemetryControl;
  readonly logging: Logging;
  readonly plugins: PluginLoader;
  readonly resources: ProcessResources;
}

/** The live proxy as the metrics see it. */
export function metricsSource(parts: MeteredParts): MetricsSource {
  const { version, live, draining, registry, names, listeners, tunnels } = parts;
  const { telemetry, telemetryControl, logging, plugins, resources } = parts;
  const ids = new ReadingIds();
  const generations = (): (Generation | DrainingGeneration)[] => [
    ...(live.generation === undefined ? [] : [live.generation]),
    ...draining.all(),
  ];
  return {
    version,
    startedAtMs: live.startedAtMs,
    known: {
      backends: () => registry.backends().map(({ name }) => name),
      listeners: () => listeners.all().map(({ name }) => name),
      upstreams: () => queueReadings(generations()).map(({ upstream }) => upstream),
    },
    read: () => ({
      proxy: {
        generations: generations().map((generation) => generationReading(generation, live)),
        listeners: listeners.all().map((listener) => listenerReading(listener, ids)),
        routes: knownRoutes(live.generation),
        backends: backendReadings(registry.backends(), live, draining, ids),
        upstreams: upstreamReadings(live.generation),
        queues: queueReadings(generations()),
        tunnels: tunnelReadings(tunnels, registry, listeners),
        hostNames: names.records().map(hostNameReading),
        shortages: { ...resources.counts },
        openFilesLimit: resources.readLimit(),
      },
      reloads: reloadTotals(parts.journal),
      telemetry: {
        spans: { ...telemetryControl.spans },
        droppedLogLines: logging.droppedLines,
        pluginFailures: pluginFailures(plugins, telemetry),
        subscriberFailures: telemetry.failures,
      },
    }),
  };
}

/** A plugin that never failed is shown with 0: a rate does not see the first failure in a series that begins with it. */
function pluginFailures(plugins: PluginLoader, telemetry: Telemetry) {
  const loaded = [...plugins.live].map(({ name }) => [name, 0] as const);
  const counts = new Map([...loaded, ...telemetry.pluginFailures]);
  return Array.from(counts, ([plugin, count]) => ({ plugin, count }));
}

export function generationReading(
  generation: Generation | DrainingGeneration,
  live: LiveView,
): GenerationReading {
  const { id, hash, builtAtMs: loadedAtMs, active } = generation;
  return { id, hash, loadedAtMs, active, isLive: generation === live.generation };
}

function tunnelReadings(tunnels: TunnelStats, registry: Registry, listeners: ListenerTable): TunnelReading[] {
  const names = new Set(listeners.all().map(({ name }) => name));
  const backends = new Set(registry.backends().map(({ name }) => name));
  return Array.from(tunnels.counts(names, backends), ({ listener, backend, active, total, traffic }) => {
    const { bytesReceived, bytesSent } = traffic;
    return { listener, backend, active, total, bytesReceived, bytesSent };
  });
}

function backendReadings(
  backends: readonly BackendState[],
  live: LiveView,
  draining: DrainingGenerations,
  ids: ReadingIds,
): BackendReading[] {
  const health = new Map<BackendState, boolean>();
  for (const { backend, healthy } of live.backends()) health.set(backend, healthy);
  // Usually all backends are in the live generation, so that the draining ones need not be searched.
  const missing = new Set(backends.filter((backend) => !health.has(backend)));
  for (const generation of missing.size === 0 ? [] : draining.all()) {
    for (const group of generation.upstreams.values()) {
      for (const { backend, healthy } of group.members)
        if (missing.has(backend)) health.set(backend, healthy);
    }
  }
  return backends.map((backend) => backendReading(backend, health.get(backend) ?? true, ids));
}

export function backendReading(backend: BackendState, healthy: boolean, ids: ReadingIds): BackendReading {
  const { traffic, passedOver } = backend;
  return {
    id: ids.of(backend),
    name: backend.name,
    address: backend.address,
    healthy,
    counts: {
      resends: backend.resends,
      connectFailures: backend.connectFailures,
      bytesReceived: traffic.bytesReceived,
      bytesSent: traffic.bytesSent,
      poolCreated: backend.created,
      poolReused: backend.reused,
      poolDiscarded: backend.discarded,
      poolTimeouts: backend.poolTimeouts,
      passedUnhealthy: passedOver.unhealthy,
      passedMaxConnections: passedOver.max_connections,
      passedPoolFull: passedOver.pool_full,
      passedFailed: passedOver.failed,
    },
    gauges: {
      connectionsActive: backend.sockets,
      requestsInFlight: backend.active,
      connectionsKept: backend.pinned,
      poolActive: backend.leased,
      poolIdle: backend.idle,
      poolMax: backend.poolSize,
      poolWaiting: backend.poolWaiting,
    },
  };
}

export function listenerReading(listener: Listener, ids: ReadingIds): ListenerReading {
  const { accepted, refused, shed, traffic } = listener;
  const { bytesReceived, bytesSent } = traffic;
  return {
    id: ids.of(listener),
    name: listener.name,
    address: listener.bound,
    protocol: listener.instance.protocol,
    maxConnections: listener.maxConnections,
    acceptDescriptors: listener.descriptors,
    draining: listener.draining,
    counts: { accepted, refused, shed, bytesReceived, bytesSent },
    gauges: { connectionsActive: listener.connections },
  };
}

function queueReadings(generations: readonly (Generation | DrainingGeneration)[]): QueueReading[] {
  const upstreams = new Set<SharedUpstream>();
  for (const generation of generations) {
    for (const upstream of generation.upstreams.values()) upstreams.add(upstream);
  }
  return Array.from(upstreams, ({ name, group }) => ({ upstream: name, waiting: group.waiting }));
}

function upstreamReadings(generation: Generation | undefined): UpstreamReading[] {
  return [...(generation?.upstreams.values() ?? [])].map((upstream) => ({
    upstream: upstream.name,
    servesRequests: upstream.isUsedFor('keep-alive'),
    members: upstream.members.map((member) => ({
      backend: member.backend.name,
      weight: member.weight,
      state: memberState(member),
    })),
  }));
}

function memberState({ weight, health }: Member): MemberState {
  if (weight === 0) return 'off';
  if (health === undefined) return 'unchecked';
  if (!health.healthy) return 'down';
  return health.lastCheckAtMs === undefined ? 'unchecked' : 'up';
}

function reloadTotals(journal: ReloadJournal): ReloadTotals {
  return {
    counts: Array.from(journal.countsBySource(), (counts) => ({ ...counts })),
    lastSucceeded: journal.last?.ok ?? true,
    lastSuccessAtMs: journal.lastSuccessAtMs,
    lastDurationMs: journal.last?.durationMs,
  };
}
