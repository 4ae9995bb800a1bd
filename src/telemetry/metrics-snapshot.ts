import type {
  BackendCounts,
  BackendGauges,
  BackendReading,
  ListenerCounts,
  ListenerGauges,
  MetricsSource,
  QueueReading,
} from './metrics-source.ts';
import { NamedSums, type NamedSum } from './named-sums.ts';

export type BackendSum = NamedSum<BackendCounts, BackendGauges> & { readonly healthy: boolean };
export type ListenerSum = NamedSum<ListenerCounts, ListenerGauges>;

/** What there is at the moment of a scrape, by name: all metrics of the scrape agree on that. */
export interface MetricsSnapshot {
  readonly backends: ReadonlyMap<string, BackendSum>;
  readonly listeners: ReadonlyMap<string, ListenerSum>;
  /** Those who wait, by upstream. */
  readonly queues: ReadonlyMap<string, number>;
  readonly backendNames: ReadonlySet<string>;
}

/** Reads a source so that counts of a name never fall from one snapshot to the next. */
export class SnapshotTaker {
  readonly #source: MetricsSource;
  readonly #backends = new NamedSums<BackendCounts, BackendGauges>();
  readonly #listeners = new NamedSums<ListenerCounts, ListenerGauges>();

  constructor(source: MetricsSource) {
    this.#source = source;
  }

  take(): MetricsSnapshot {
    const readings = [...this.#source.backends()];
    const down = downNames(readings);
    const backends = new Map<string, BackendSum>();
    for (const [name, sum] of this.#backends.update(readings)) {
      backends.set(name, { ...sum, healthy: !down.has(name) });
    }
    return {
      backends,
      listeners: this.#listeners.update(this.#source.listeners()),
      queues: waitingByName(this.#source.queues()),
      backendNames: new Set(backends.keys()),
    };
  }
}

function downNames(readings: readonly BackendReading[]): Set<string> {
  return new Set(readings.filter(({ healthy }) => !healthy).map(({ name }) => name));
}

function waitingByName(readings: Iterable<QueueReading>): Map<string, number> {
  const waiting = new Map<string, number>();
  for (const reading of readings) {
    waiting.set(reading.upstream, (waiting.get(reading.upstream) ?? 0) + reading.waiting);
  }
  return waiting;
}
