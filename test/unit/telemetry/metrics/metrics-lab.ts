import type { Backend } from '../../../../src/plugin-api/backend.ts';
import type { ExpositionFormat } from '../../../../src/telemetry/metrics/exposition/exposition.ts';
import { Metrics } from '../../../../src/telemetry/metrics/metrics.ts';
import type {
  BackendCounts,
  BackendGauges,
  BackendReading,
  ListenerReading,
  MetricsSource,
} from '../../../../src/telemetry/metrics/snapshot/metrics-source.ts';
import { parseExposition, type ReadExposition } from './exposition/exposition.ts';

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
    passedMaxConnections: 0,
    passedPoolFull: 0,
    passedFailed: 0,
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
  return { owner: backend, name: backend.name, healthy, counts, gauges };
}

/** A listener where nothing happened, but for the changes. */
export function listenerReading(
  name: string,
  changes: Partial<ListenerReading['counts']> = {},
): ListenerReading {
  return {
    owner: { name },
    name,
    counts: { accepted: 0, refused: 0, shed: 0, bytesReceived: 0, bytesSent: 0, ...changes },
    gauges: { connectionsActive: 0 },
  };
}

/** A proxy where nothing is, but for the changes. */
export function emptySource(changes: Partial<MetricsSource> = {}): MetricsSource {
  return {
    version: '1.2.3',
    startedAtMs: Date.now() - 5000,
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
    }),
    generations: () => [{ id: 1, isLive: true, connections: 0 }],
    spans: () => ({ exported: 0, dropped: 0 }),
    shortages: () => ({}),
    openFilesLimit: () => undefined,
    droppedLogLines: () => 0,
    pluginFailures: () => [['http', 0]],
    telemetryFailures: () => 0,
    ...changes,
  };
}

/** A proxy of which there is nothing but what is put into the lists. */
export class MetricsLab {
  readonly backends: BackendReading[] = [];
  readonly listeners: ListenerReading[] = [];
  readonly metrics: Metrics;
  /** What the metrics read; a test may replace its functions. */
  readonly source: { -readonly [Key in keyof MetricsSource]: MetricsSource[Key] };

  constructor(more: Partial<MetricsSource> = {}) {
    const lists = { backends: () => this.backends, listeners: () => this.listeners };
    this.source = emptySource({ ...lists, ...more });
    this.metrics = new Metrics({ source: this.source });
    this.metrics.setBuckets(BUCKETS_S);
  }

  async read(format: ExpositionFormat = 'prometheus'): Promise<ReadExposition> {
    return parseExposition((await this.metrics.render(format)).toString(), format);
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
