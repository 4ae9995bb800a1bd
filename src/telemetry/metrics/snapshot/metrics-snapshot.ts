import type {
  BackendCounts,
  BackendGauges,
  BackendReading,
  ListenerCounts,
  ListenerGauges,
  MemberState,
  MetricsSource,
  QueueReading,
  UpstreamReading,
} from './metrics-source.ts';
import { NamedSums, type NamedSum } from './named-sums.ts';

export type BackendSum = NamedSum<BackendCounts, BackendGauges> & { readonly healthy: boolean };
export type ListenerSum = NamedSum<ListenerCounts, ListenerGauges>;

/** The backends of an upstream. */
export interface UpstreamMembers {
  readonly states: Readonly<Record<MemberState, number>>;
  /** Sums of the weights by the backends' names. */
  readonly weights: ReadonlyMap<string, number>;
}

/** What there is at the moment of a scrape, by name: all metrics of the scrape agree on that. */
export interface MetricsSnapshot {
  readonly backends: ReadonlyMap<string, BackendSum>;
  readonly listeners: ReadonlyMap<string, ListenerSum>;
  /** Those who wait, by upstream. */
  readonly queues: ReadonlyMap<string, number>;
  readonly backendNames: ReadonlySet<string>;
  /** The upstreams of the live generation. */
  readonly upstreams: ReadonlyMap<string, UpstreamMembers>;
  /** Names of the backends that serve requests, and not only tunnels. */
  readonly requestBackends: ReadonlySet<string>;
}

/** Reads a source so that counts of a name never fall from one snapshot to the next. */
export class MetricsSnapshots {
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
    const upstreams = new Map<string, UpstreamMembers>();
    const requestBackends = new Set<string>();
    for (const reading of this.#source.upstreams()) {
      const members = membersOf(reading);
      upstreams.set(reading.upstream, members);
      if (reading.servesRequests) for (const name of members.weights.keys()) requestBackends.add(name);
    }
    return {
      backends,
      listeners: this.#listeners.update(this.#source.listeners()),
      queues: waitingByName(this.#source.queues()),
      backendNames: new Set(backends.keys()),
      upstreams,
      requestBackends,
    };
  }
}

function membersOf({ members }: UpstreamReading): UpstreamMembers {
  const states = { up: 0, down: 0, unchecked: 0, off: 0 };
  const weights = new Map<string, number>();
  for (const { backend, weight, state } of members) {
    states[state] += 1;
    weights.set(backend, (weights.get(backend) ?? 0) + weight);
  }
  return { states, weights };
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
