import type { Backend } from '../../../../src/plugin-api/backend.ts';
import type { ExpositionFormat } from '../../../../src/telemetry/metrics/exposition/exposition.ts';
import { MetricCounters } from '../../../../src/telemetry/metrics/metric-counters.ts';
import { MetricsExposition } from '../../../../src/telemetry/metrics/metrics-exposition.ts';
import { ReadingIds } from '../../../../src/runtime/worker/readings/reading-ids.ts';
import type {
  BackendCounts,
  BackendGauges,
  BackendReading,
} from '../../../../src/readings/upstreams/backend.ts';
import type { CertificateReading } from '../../../../src/readings/certificate.ts';
import type { HostNameReading } from '../../../../src/readings/upstreams/host-name.ts';
import type { ListenerReading } from '../../../../src/readings/listener.ts';
import type { WorkersCounts } from '../../../../src/readings/counts/thread-counts.ts';
import type { WorkerReading } from '../../../../src/readings/workers/worker.ts';
import type { OverloadReading, ShortageOf } from '../../../../src/readings/process.ts';
import type { ReloadTotals } from '../../../../src/readings/reload.ts';
import type { SpanCounts } from '../../../../src/readings/counts/telemetry.ts';
import type { TunnelReading } from '../../../../src/readings/tunnel.ts';
import type { QueueReading, UpstreamReading } from '../../../../src/readings/upstreams/upstream.ts';
import type { KnownRoutes } from '../../../../src/telemetry/metrics/snapshot/metrics-snapshot.ts';
import type { MetricsSource } from '../../../../src/telemetry/metrics/snapshot/metrics-source.ts';
import { steadyNowMs } from '../../../../src/time/steady-now.ts';
import { parseExposition, type ReadExposition } from './exposition/exposition.ts';

const IDS = new ReadingIds();

export const BUCKETS_S: readonly number[] = [0.001, 0.0025, 0.1, 0.25, 1, 10];

/** A backend where nothing happened, but for the changes. */
export function backendReading(
  backend: Backend,
  changes: Partial<BackendCounts & BackendGauges & { healthy: boolean }> = {},
): BackendReading {
  const { healthy = true, ...amounts } = changes;
  const all = {
    resends: 0,
    connectFailures: 0,
    bytesReceived: 0,
    bytesSent: 0,
    poolCreated: 0,
    poolReused: 0,
    poolDiscarded: 0,
    poolTimeouts: 0,
    passedUnhealthy: 0,
    passedEjected: 0,
    passedCircuitOpen: 0,
    passedDraining: 0,
    passedMaintenance: 0,
    passedMaxConnections: 0,
    passedMaxRequests: 0,
    passedPoolFull: 0,
    passedFailed: 0,
    breakerOpens: 0,
    ejectedByFailures: 0,
    ejectedByErrorRate: 0,
    ejectedBySuccessRate: 0,
    ejectedByLatency: 0,
    connectionsActive: 0,
    requestsInFlight: 0,
    connectionsKept: 0,
    poolActive: 0,
    poolIdle: 0,
    poolMax: 0,
    poolWaiting: 0,
    ...amounts,
  };
  const {
    connectionsActive,
    requestsInFlight,
    connectionsKept,
    poolActive,
    poolIdle,
    poolMax,
    poolWaiting,
    ...counts
  } = all;
  const gauges = {
    connectionsActive,
    requestsInFlight,
    connectionsKept,
    poolActive,
    poolIdle,
    poolMax,
    poolWaiting,
  };
  const { name, address } = backend;
  return { id: IDS.of(backend), name, address, healthy, counts, gauges };
}

/** A listener where nothing happened, but for the changes. */
export function listenerReading(
  name: string,
  changes: Partial<ListenerReading['counts']> = {},
): ListenerReading {
  return {
    id: IDS.of({ name }),
    name,
    address: '127.0.0.1:8080',
    protocol: 'http',
    maxConnections: 0,
    acceptDescriptors: 0,
    draining: false,
    counts: {
      accepted: 0,
      refused: 0,
      shed: 0,
      rests: 0,
      bytesReceived: 0,
      bytesSent: 0,
      proxyRefused_untrusted: 0,
      proxyRefused_missing: 0,
      proxyRefused_malformed: 0,
      proxyRefused_too_large: 0,
      proxyRefused_checksum: 0,
      proxyRefused_incomplete: 0,
      proxyRefused_timeout: 0,
      ...changes,
    },
    gauges: {
      connectionsActive: 0,
      expectsTls: 0,
      hellosAwaited: 0,
      handshakesActive: 0,
      handshakesMax: 0,
      demandsProxyHeader: 0,
    },
  };
}

/** A worker in numbers that differ from worker to worker. */
export function workerReading(id: number, changes: Partial<WorkerReading> = {}): WorkerReading {
  return {
    id,
    state: 'serving',
    sinceMs: 0,
    restarts: [],
    lastEnd: undefined,
    connections: 10 * id,
    utilization: id / 10,
    generation: 1,
    beatAgeMs: 0,
    heapUsedBytes: undefined,
    ...changes,
  };
}

/** What the metrics read of a proxy, part by part: a test replaces those that it is about. */
export interface LabReadings {
  backends(): readonly BackendReading[];
  listeners(): readonly ListenerReading[];
  queues(): readonly QueueReading[];
  upstreams(): readonly UpstreamReading[];
  routes(): KnownRoutes;
  tunnels(): readonly TunnelReading[];
  names(): readonly HostNameReading[];
  reloads(): ReloadTotals;
  certificates(): readonly CertificateReading[];
  generations(): readonly { readonly id: number; readonly isLive: boolean; readonly active: number }[];
  spans(): SpanCounts;
  shortages(): Partial<Record<ShortageOf, number>>;
  overload(): OverloadReading | undefined;
  openFilesLimit(): number | undefined;
  droppedLogLines(): number;
  pluginFailures(): readonly { readonly plugin: string; readonly count: number }[];
  telemetryFailures(): number;
  workers(): readonly WorkerReading[];
  workersCrash(): boolean;
  unanswered(): readonly number[];
  counts(): WorkersCounts;
}

/** A proxy where nothing is, but for the changes. */
function emptyReadings(changes: Partial<LabReadings> = {}): LabReadings {
  return {
    backends: () => [],
    listeners: () => [],
    queues: () => [],
    upstreams: () => [],
    routes: () => new Map(),
    tunnels: () => [],
    names: () => [],
    reloads: () => ({
      counts: [],
      lastSucceeded: true,
      lastSuccessAtMs: undefined,
      lastDurationMs: undefined,
      lastSkewMs: undefined,
    }),
    certificates: () => [],
    generations: () => [{ id: 1, isLive: true, active: 0 }],
    spans: () => ({ exported: 0, dropped: 0 }),
    shortages: () => ({}),
    overload: () => undefined,
    openFilesLimit: () => undefined,
    droppedLogLines: () => 0,
    pluginFailures: () => [{ plugin: 'http', count: 0 }],
    telemetryFailures: () => 0,
    workers: () => [workerReading(1)],
    workersCrash: () => false,
    unanswered: () => [],
    counts: () => ({ counters: [], telemetry: [], runtimes: [] }),
    ...changes,
  };
}

/** The source of metrics with these readings. */
export function sourceOf(lab: LabReadings = emptyReadings()): MetricsSource {
  return {
    version: '1.2.3',
    startedAtMs: steadyNowMs() - 5000,
    known: () => ({
      backends: lab.backends().map(({ name }) => name),
      listeners: lab.listeners().map(({ name }) => name),
      upstreams: lab.queues().map(({ upstream }) => upstream),
    }),
    counts: () => Promise.resolve(lab.counts().counters),
    read: async () => ({
      proxy: {
        generations: lab.generations().map((each) => ({ ...each, hash: 'hash', loadedAtMs: 0 })),
        listeners: lab.listeners(),
        routes: Array.from(lab.routes(), ([listener, routes]) => ({
          listener,
          routes: routes && [...routes],
        })),
        backends: lab.backends(),
        upstreams: lab.upstreams(),
        queues: lab.queues(),
        tunnels: lab.tunnels(),
        hostNames: lab.names(),
        shortages: lab.shortages() as Record<ShortageOf, number>,
        overload: lab.overload(),
        openFilesLimit: lab.openFilesLimit(),
        unanswered: lab.unanswered(),
      },
      counts: lab.counts(),
      workers: lab.workers(),
      workersCrash: lab.workersCrash(),
      reloads: lab.reloads(),
      upgrades: { succeeded: 2, failed: 1 },
      certificates: lab.certificates(),
      telemetry: {
        spans: lab.spans(),
        droppedLogLines: lab.droppedLogLines(),
        pluginFailures: lab.pluginFailures(),
        subscriberFailures: lab.telemetryFailures(),
      },
    }),
  };
}

/** A proxy of which there is nothing but what is put into the lists. */
export class MetricsLab {
  readonly backends: BackendReading[] = [];
  readonly listeners: ListenerReading[] = [];
  readonly counters: MetricCounters;
  readonly #exposition: MetricsExposition;
  /** What the metrics read; a test may replace its functions. */
  readonly source: LabReadings;

  constructor(more: Partial<LabReadings> = {}) {
    const lists = { backends: () => this.backends, listeners: () => this.listeners };
    this.source = emptyReadings({ ...lists, ...more });
    const source = sourceOf(this.source);
    this.counters = new MetricCounters(() => source.known());
    this.counters.setBuckets(BUCKETS_S);
    this.#exposition = new MetricsExposition({ counters: this.counters, source });
  }

  /** The page as bytes. */
  render(format?: ExpositionFormat): Promise<Buffer> {
    return this.#exposition.render(format);
  }

  async read(format: ExpositionFormat = 'prometheus'): Promise<ReadExposition> {
    return parseExposition((await this.render(format)).toString(), format);
  }

  async values(): Promise<Map<string, number>> {
    return (await this.read()).values;
  }

  /** Those series that hold this text, without those that are there before anything happened. */
  async counted(part: string): Promise<Record<string, number>> {
    return Object.fromEntries(Object.entries(await this.series(part)).filter(([, value]) => value !== 0));
  }

  /** Those series that hold this text. */
  async series(part: string): Promise<Record<string, number>> {
    return Object.fromEntries([...(await this.values())].filter(([key]) => key.includes(part)));
  }
}
