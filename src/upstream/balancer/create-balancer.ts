import type { Algorithm } from '../../config/values/algorithm.ts';
import type { LoadBalancer } from '../../config/schema/config.generated.ts';
import type { Balancer, Candidate, Chance } from './contract/balancer.ts';
import { BoundedConsistentHash } from './hashing/bounded-consistent-hash.ts';
import { ConsistentHash } from './hashing/consistent-hash.ts';
import { HashRing } from './hashing/hash-ring.ts';
import { LeastConnections } from './turns/least-connections.ts';
import { LeastTime } from './turns/least-time.ts';
import { Maglev } from './hashing/maglev.ts';
import { PeakEwma } from './chance/peak-ewma.ts';
import { PowerOfTwo } from './chance/power-of-two.ts';
import { Random } from './chance/random.ts';
import { RoundRobin } from './turns/round-robin.ts';
import type { SharedTurns } from './contract/shared-turns.ts';
import { finished, type Steps } from './contract/steps.ts';
import { SharedRoundRobin } from './turns/shared-round-robin.ts';
import { TieredBalancer } from './tiers/tiered-balancer.ts';
import { WeightedLeastConnections } from './turns/weighted-least-connections.ts';
import { WeightedRoundRobin } from './turns/weighted-round-robin.ts';

/** The settings of `load_balancer` that a balancer needs. */
export type BalancerSettings = Pick<LoadBalancer, 'algorithm' | 'load_factor'> &
  Partial<Pick<LoadBalancer, 'zone' | 'zone_min_up'>>;

type Factory = <C extends Candidate>(
  candidates: readonly C[],
  chance: Chance,
  settings: BalancerSettings,
  shared: SharedTurns | undefined,
) => Balancer<C> | Steps<Balancer<C>>;

const factories: Readonly<Record<Algorithm, Factory>> = {
  'round-robin': (candidates, chance, _, shared) =>
    shared?.turn === undefined
      ? new RoundRobin(candidates, startOf(shared, chance), shared !== undefined)
      : new SharedRoundRobin(candidates, shared.turn, shared.start),
  'weighted-round-robin': (candidates, chance, _, shared) =>
    new WeightedRoundRobin(candidates, startOf(shared, chance), shared !== undefined),
  random: (candidates, chance, _, shared) => new Random(candidates, chance, shared !== undefined),
  'power-of-two': (candidates, chance, _, shared) => new PowerOfTwo(candidates, chance, shared !== undefined),
  'least-connections': (candidates, chance, _, shared) =>
    new LeastConnections(candidates, startOf(shared, chance), shared !== undefined),
  'weighted-least-connections': (candidates, chance, _, shared) =>
    new WeightedLeastConnections(candidates, startOf(shared, chance), shared !== undefined),
  'least-time': (candidates, chance, _, shared) =>
    new LeastTime(candidates, startOf(shared, chance), shared !== undefined),
  'peak-ewma': (candidates, chance, _, shared) => new PeakEwma(candidates, chance, shared !== undefined),
  *'consistent-hash'(candidates, chance, _, shared) {
    return new ConsistentHash(yield* HashRing.of(candidates), chance, shared !== undefined);
  },
  *'bounded-consistent-hash'(candidates, chance, { load_factor: loadFactor }, shared) {
    const ring = yield* HashRing.of(candidates);
    return new BoundedConsistentHash(ring, chance, loadFactor, shared !== undefined);
  },
  maglev: (candidates, chance, _, shared) => Maglev.of(candidates, chance, shared !== undefined),
};

/** Where turns begin: at random, or where no other worker begins. */
function startOf(shared: SharedTurns | undefined, chance: Chance): Chance {
  return shared === undefined ? chance : () => shared.ownStart;
}

/**
 * The balancer that an upstream's `load_balancer` asks for, over the candidates of one generation.
 *
 * @param shared what it shares with those of other workers. Default: there are none
 */
export function* balancerInSteps<C extends Candidate>(
  settings: BalancerSettings,
  candidates: readonly C[],
  chance: Chance = Math.random,
  shared?: SharedTurns,
): Steps<Balancer<C>> {
  let ownShared = shared;
  function* make(some: readonly C[]): Steps<Balancer<C>> {
    const made = factories[settings.algorithm](some, chance, settings, ownShared);
    // There is one number for the upstream: those that are used first count in it, the others by themselves in each worker.
    ownShared &&= { ...ownShared, turn: undefined };
    return 'pick' in made ? made : yield* made;
  }
  const preference = { zone: settings.zone ?? '', zoneMinUp: (settings.zone_min_up ?? 0) / 100 };
  return TieredBalancer.isNeeded(candidates, preference)
    ? yield* TieredBalancer.of(candidates, preference, make)
    : yield* make(candidates);
}

/** {@link balancerInSteps} at once. */
export function createBalancer<C extends Candidate>(
  settings: BalancerSettings,
  candidates: readonly C[],
  chance?: Chance,
  shared?: SharedTurns,
): Balancer<C> {
  return finished(balancerInSteps(settings, candidates, chance, shared));
}
