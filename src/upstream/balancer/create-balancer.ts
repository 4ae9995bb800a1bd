import type { Algorithm } from '../../config/values/algorithm.ts';
import type { LoadBalancer } from '../../config/schema/config.generated.ts';
import type { Balancer, Candidate, Chance } from './contract/balancer.ts';
import { BoundedConsistentHash } from './hashing/bounded-consistent-hash.ts';
import { ConsistentHash } from './hashing/consistent-hash.ts';
import { HashRing } from './hashing/hash-ring.ts';
import { LeastConnections } from './turns/least-connections.ts';
import { Maglev } from './hashing/maglev.ts';
import { PowerOfTwo } from './chance/power-of-two.ts';
import { Random } from './chance/random.ts';
import { RoundRobin } from './turns/round-robin.ts';
import { finished, type Steps } from './contract/steps.ts';
import { WeightedLeastConnections } from './turns/weighted-least-connections.ts';
import { WeightedRoundRobin } from './turns/weighted-round-robin.ts';

/** The settings of `load_balancer` that a balancer needs. */
export type BalancerSettings = Pick<LoadBalancer, 'algorithm' | 'load_factor'>;

type Factory = <C extends Candidate>(
  candidates: readonly C[],
  chance: Chance,
  settings: BalancerSettings,
) => Balancer<C> | Steps<Balancer<C>>;

const factories: Readonly<Record<Algorithm, Factory>> = {
  'round-robin': (candidates, chance) => new RoundRobin(candidates, chance),
  'weighted-round-robin': (candidates, chance) => new WeightedRoundRobin(candidates, chance),
  random: (candidates, chance) => new Random(candidates, chance),
  'power-of-two': (candidates, chance) => new PowerOfTwo(candidates, chance),
  'least-connections': (candidates, chance) => new LeastConnections(candidates, chance),
  'weighted-least-connections': (candidates, chance) => new WeightedLeastConnections(candidates, chance),
  *'consistent-hash'(candidates, chance) {
    return new ConsistentHash(yield* HashRing.of(candidates), chance);
  },
  *'bounded-consistent-hash'(candidates, chance, settings) {
    return new BoundedConsistentHash(yield* HashRing.of(candidates), chance, settings.load_factor);
  },
  maglev: (candidates, chance) => Maglev.of(candidates, chance),
};

/** The balancer that an upstream's `load_balancer` asks for, over the candidates of one generation. */
export function* balancerInSteps<C extends Candidate>(
  settings: BalancerSettings,
  candidates: readonly C[],
  chance: Chance = Math.random,
): Steps<Balancer<C>> {
  const made = factories[settings.algorithm](candidates, chance, settings);
  return 'pick' in made ? made : yield* made;
}

/** {@link balancerInSteps} at once. */
export function createBalancer<C extends Candidate>(
  settings: BalancerSettings,
  candidates: readonly C[],
  chance?: Chance,
): Balancer<C> {
  return finished(balancerInSteps(settings, candidates, chance));
}
