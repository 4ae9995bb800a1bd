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
import type {
  BackendReading,
  ListenerReading,
  MemberState,
  MetricsSource,
  QueueReading,
  ReloadReading,
  UpstreamReading,
} from '../telemetry/metrics/snapshot/metrics-source.ts';
import type { TelemetryControl } from '../telemetry/control/telemetry-control.ts';
import { knownRoutes } from './known-routes.ts';
import { nameReadings } from './name-readings.ts';
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

/** What the metrics show of a proxy. */
export function metricsSource(parts: MeteredParts): MetricsSource {
  const { version, live, draining, registry, names, listeners, tunnels } = parts;
  const { telemetry, telemetryControl, logging, plugins, resources } = parts;
  const generations = (): (Generation | DrainingGeneration)[] => [
    ...(live.generation === undefined ? [] : [live.generation]),
    ...draining.all(),
  ];
  return {
    version,
    startedAtMs: live.startedAtMs,
    backends: () => backendReadings(registry.backends(), live, draining),
    listeners: () => listeners.all().map(listenerReading),
    queues: () => queueReadings(generations()),
    upstreams: () => upstreamReadings(live.generation),
    routes: () => knownRoutes(live.generation),
    *tunnels() {
      const backends = new Set(registry.backends().map(({ name }) => name));
      for (const { listener, backend, active, total, traffic } of tunnels.counts(
        new Set(listeners.all().map(({ name }) => name)),
        backends,
      )) {
        const { bytesReceived, bytesSent } = traffic;
        yield { listener, backend, active, total, bytesReceived, bytesSent };
      }
    },
    names: () => nameReadings(names.records()),
    reloads: () => reloadReading(parts.journal),
    generations: () =>
      generations().map((generation) => ({
        id: generation.id,
        isLive: generation === live.generation,
        connections: generation.active,
      })),
    spans: () => telemetryControl.spans,
    shortages: () => resources.counts,
    openFilesLimit: () => resources.readLimit(),
    droppedLogLines: () => logging.droppedLines,
    pluginFailures: () => {
      // A series that begins with its first failure would hide that one from rates.
      const loaded = [...plugins.live].map(({ name }) => [name, 0] as const);
      return new Map([...loaded, ...telemetry.pluginFailures]);
    },
    telemetryFailures: () => telemetry.failures,
  };
}

function* backendReadings(
  backends: readonly BackendState[],
  live: LiveView,
  draining: DrainingGenerations,
): Iterable<BackendReading> {
  const health = new Map<BackendState, boolean>();
  for (const { backend, healthy } of live.backends()) health.set(backend, healthy);
  // Most of the time all are in the live generation, and those that drain need not be gone through.
  const missing = new Set(backends.filter((backend) => !health.has(backend)));
  for (const generation of missing.size === 0 ? [] : draining.all()) {
    for (const group of generation.upstreams.values()) {
      for (const { backend, healthy } of group.members)
        if (missing.has(backend)) health.set(backend, healthy);
    }
  }
  for (const backend of backends) yield backendReading(backend, health.get(backend) ?? true);
}

function backendReading(backend: BackendState, healthy: boolean): BackendReading {
  const { traffic, passedOver } = backend;
  return {
    owner: backend,
    name: backend.name,
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
      connectionsKept: backend.kept,
      poolActive: backend.leased,
      poolIdle: backend.idle,
      poolMax: backend.poolSize,
      poolWaiting: backend.poolWaiting,
    },
  };
}

function listenerReading(listener: Listener): ListenerReading {
  const { accepted, refused, shed, traffic } = listener;
  const { bytesReceived, bytesSent } = traffic;
  return {
    owner: listener,
    name: listener.name,
    counts: { accepted, refused, shed, bytesReceived, bytesSent },
    gauges: { connectionsActive: listener.connections },
  };
}

function* queueReadings(generations: readonly (Generation | DrainingGeneration)[]): Iterable<QueueReading> {
  const seen = new Set<SharedUpstream>();
  for (const { upstreams } of generations) {
    for (const upstream of upstreams.values()) {
      if (seen.has(upstream)) continue;
      seen.add(upstream);
      yield { upstream: upstream.name, waiting: upstream.group.waiting };
    }
  }
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

function reloadReading(journal: ReloadJournal): ReloadReading {
  return {
    counts: journal.countsBySource(),
    lastSucceeded: journal.last?.ok ?? true,
    lastSuccessAtMs: journal.lastSuccessAtMs,
    lastDurationMs: journal.last?.durationMs,
  };
}
