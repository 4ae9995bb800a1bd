import type { Algorithm } from '../../src/config/values/algorithm.ts';
import { createBalancer } from '../../src/upstream/balancer/create-balancer.ts';
import { EventQueue } from './event-queue.ts';
import { KnownBackend } from './known-backend.ts';
import { exponential, SimulatedBackend, type BackendPlan } from './simulated-backend.ts';

/** Clients, each with a key of its own. */
const CLIENTS = 2_000;
/** Of members that go down, come up or start slowly, balancers are told within this time. */
const NEWS_MS = 100;

export interface SimulationPlan {
  readonly backends: readonly BackendPlan[];
  /** Requests in a second, of all proxies together. They come independently of each other. */
  readonly perSecond: number;
  readonly seconds: number;
  /** Requests that come before are not measured. */
  readonly fromSecond: number;
  /** Proxies that know only their own leases. Default: 1. */
  readonly proxies?: number;
  readonly seed: number;
}

export interface SimulationResult {
  /** Times of the measured requests in ms, the shortest first. */
  readonly timesMs: Float64Array;
  /** By backend: requests of all the time. */
  readonly requests: readonly number[];
  /** By number of requests: how often a request that came found a backend with at least so many, divided by requests and backends. */
  readonly atLeast: readonly number[];
}

/** Lets a balancer of each proxy choose for requests that come at random. */
export function runSimulation(algorithm: Algorithm, plan: SimulationPlan): SimulationResult {
  const { seed, proxies = 1, perSecond } = plan;
  const events = new EventQueue();
  const chance = seededChance(seed);
  const backends = plan.backends.map(
    (each, at) => new SimulatedBackend(each, events, seededChance(1_000 * seed + at)),
  );
  const sides = Array.from({ length: proxies }, (_, at) =>
    proxyOver(backends, algorithm, events, seededChance(seed + 1 + at)),
  );
  const timesMs: number[] = [];
  const found: number[] = [];
  const arrive = (): void => {
    events.after(exponential(1_000 / perSecond, chance), arrive);
    const isMeasured = events.nowMs >= plan.fromSecond * 1_000;
    if (isMeasured) countLoads(backends, found);
    const begunMs = events.nowMs;
    sides[Math.floor(chance() * proxies)]?.(`client ${Math.floor(chance() * CLIENTS)}`, () => {
      if (isMeasured) timesMs.push(events.nowMs - begunMs);
    });
  };
  events.after(0, arrive);
  events.runUntil(plan.seconds * 1_000);
  const whole = (found[0] ?? 1) || 1;
  return {
    timesMs: Float64Array.from(timesMs).sort(),
    requests: backends.map(({ requests }) => requests),
    atLeast: found.map((count) => count / whole),
  };
}

/** A proxy: gives a request to the backend that its balancer picks. */
function proxyOver(
  backends: readonly SimulatedBackend[],
  algorithm: Algorithm,
  events: EventQueue,
  chance: () => number,
): (key: string, answered: () => void) => void {
  const known = backends.map(
    (backend, at) => new KnownBackend(`backend-${at}`, backend, events, algorithm === 'peak-ewma'),
  );
  const balancer = createBalancer({ algorithm, load_factor: 1.25 }, known, chance);
  const places = new Map(known.map((each, at) => [each, at]));
  const changing = known.filter(({ backend: { plan } }) => (plan.isDown ?? plan.factor) !== undefined);
  const tell = (): void => {
    for (const each of changing) balancer.changed(places.get(each) ?? 0);
    events.after(NEWS_MS, tell);
  };
  if (changing.length > 0) tell();
  return (key, answered) => {
    const picked = balancer.pick({ key, exclude: undefined });
    if (picked === undefined) throw new Error('no backend is up');
    const begunMs = events.nowMs;
    picked.active += 1;
    picked.backend.serve(() => {
      picked.active -= 1;
      picked.times.responded(events.nowMs - begunMs);
      balancer.changed(places.get(picked) ?? 0);
      answered();
    });
  };
}

function countLoads(backends: readonly SimulatedBackend[], found: number[]): void {
  for (const { load } of backends)
    for (let least = 0; least <= load; least++) found[least] = (found[least] ?? 0) + 1;
}

/** The time that this part of the requests took at most. */
export function percentile({ timesMs }: SimulationResult, part: number): number {
  return timesMs[Math.min(timesMs.length - 1, Math.floor(part * timesMs.length))] ?? 0;
}

/** The same chances each time for a seed (mulberry32). */
export function seededChance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
