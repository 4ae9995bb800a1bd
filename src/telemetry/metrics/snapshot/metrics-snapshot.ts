import type { BackendCounts, BackendGauges } from '../../../readings/upstreams/backend.ts';
import type { ListenerCounts, ListenerGauges, ListenerRoutes } from '../../../readings/listener.ts';
import type { ProxyReadings } from '../../../readings/proxy.ts';
import type {
  ClientTableReading,
  MemberReading,
  MemberState,
  QueueReading,
  RetryBudgetReading,
  UpstreamReading,
} from '../../../readings/upstreams/upstream.ts';
import { NamedSums, type NamedSum } from './named-sums.ts';

/** All backends of one name, added up. It is healthy when all of them are. */
export type BackendSum = NamedSum<BackendCounts, BackendGauges> & { readonly healthy: boolean };
/** All listeners of one name, added up: one that is bound, and others that drain. */
export type ListenerSum = NamedSum<ListenerCounts, ListenerGauges>;

/** The routes of the live config by listener; undefined for a protocol that does not tell them. */
export type KnownRoutes = ReadonlyMap<string, ReadonlySet<string> | undefined>;

/** The backends of an upstream. */
export interface UpstreamMembers {
  /** Number of backends in each state. */
  readonly states: Readonly<Record<MemberState, number>>;
  /** Sums of the weights by the backends' names. */
  readonly weights: ReadonlyMap<string, number>;
  /** The same of the weights that count now. */
  readonly effectiveWeights: ReadonlyMap<string, number>;
  readonly members: readonly MemberReading[];
  /** Whether its health is ignored; undefined where that never happens. */
  readonly panics: boolean | undefined;
  /** Sums of the limits that were found for them, by the backends' names. */
  readonly limits: ReadonlyMap<string, number>;
  readonly retryBudget: RetryBudgetReading | undefined;
  /** Undefined without a table. */
  readonly clients: ClientTableReading | undefined;
}

/** The state of the proxy at the moment of a scrape, by name. All metrics of the scrape show the same moment. */
export interface MetricsSnapshot {
  readonly backends: ReadonlyMap<string, BackendSum>;
  readonly listeners: ReadonlyMap<string, ListenerSum>;
  /** Number of waiting requests by upstream. */
  readonly queues: ReadonlyMap<string, number>;
  readonly backendNames: ReadonlySet<string>;
  /** The upstreams of the live generation. */
  readonly upstreams: ReadonlyMap<string, UpstreamMembers>;
  /** Names of the backends that serve requests, and not only tunnels. */
  readonly requestBackends: ReadonlySet<string>;
  readonly routes: KnownRoutes;
}

/** Makes snapshots in which the counts of a name never fall from one to the next. */
export class MetricsSnapshots {
  readonly #backends = new NamedSums<BackendCounts, BackendGauges>();
  readonly #listeners = new NamedSums<ListenerCounts, ListenerGauges>();

  /** Must be called with the readings of each scrape, in their order. */
  take(readings: ProxyReadings): MetricsSnapshot {
    const down = new Set(readings.backends.filter(({ healthy }) => !healthy).map(({ name }) => name));
    const backends = new Map<string, BackendSum>();
    for (const [name, sum] of this.#backends.update(readings.backends)) {
      backends.set(name, { ...sum, healthy: !down.has(name) });
    }
    const upstreams = new Map<string, UpstreamMembers>();
    const requestBackends = new Set<string>();
    for (const reading of readings.upstreams) {
      const members = membersOf(reading);
      upstreams.set(reading.upstream, members);
      if (reading.servesRequests) for (const name of members.weights.keys()) requestBackends.add(name);
    }
    return {
      backends,
      listeners: this.#listeners.update(readings.listeners),
      queues: waitingByName(readings.queues),
      backendNames: new Set(backends.keys()),
      upstreams,
      requestBackends,
      routes: routesByListener(readings.routes),
    };
  }
}

function membersOf({ members, panics, retryBudget, clients }: UpstreamReading): UpstreamMembers {
  const states = {
    up: 0,
    down: 0,
    unknown: 0,
    ejected: 0,
    open: 0,
    'half-open': 0,
    draining: 0,
    maintenance: 0,
    off: 0,
  };
  const weights = new Map<string, number>();
  const effectiveWeights = new Map<string, number>();
  const limits = new Map<string, number>();
  for (const { backend, weight, effectiveWeight, state, adaptiveLimit: limit } of members) {
    states[state] += 1;
    weights.set(backend, (weights.get(backend) ?? 0) + weight);
    effectiveWeights.set(backend, (effectiveWeights.get(backend) ?? 0) + effectiveWeight);
    if (limit !== undefined) limits.set(backend, (limits.get(backend) ?? 0) + limit);
  }
  return { states, weights, effectiveWeights, members, panics, limits, retryBudget, clients };
}

function routesByListener(readings: readonly ListenerRoutes[]): KnownRoutes {
  return new Map(readings.map(({ listener, routes }) => [listener, routes && new Set(routes)]));
}

function waitingByName(readings: readonly QueueReading[]): Map<string, number> {
  const waiting = new Map<string, number>();
  for (const reading of readings) {
    waiting.set(reading.upstream, (waiting.get(reading.upstream) ?? 0) + reading.waiting);
  }
  return waiting;
}
