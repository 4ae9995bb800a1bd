import type { Balancer, Candidate, Chance } from './balancer.ts';
import { BoundedConsistentHash } from './bounded-consistent-hash.ts';
import { ConsistentHash } from './consistent-hash.ts';
import { LeastConnections } from './least-connections.ts';
import { Maglev } from './maglev.ts';
import { PowerOfTwo } from './power-of-two.ts';
import { Random } from './random.ts';
import { RoundRobin } from './round-robin.ts';
import { WeightedLeastConnections } from './weighted-least-connections.ts';
import { WeightedRoundRobin } from './weighted-round-robin.ts';

/** The balancers by the names that the config uses. */
export type Algorithm =
  | 'round-robin'
  | 'weighted-round-robin'
  | 'random'
  | 'power-of-two'
  | 'least-connections'
  | 'weighted-least-connections'
  | 'consistent-hash'
  | 'bounded-consistent-hash'
  | 'maglev';

/** The part of `load_balancer` that a balancer needs, as the config writes it. */
export interface BalancerSettings {
  readonly algorithm: Algorithm;
  /** From 1 on; read by bounded-consistent-hash only. */
  readonly load_factor: number;
}

type Factory = <C extends Candidate>(
  candidates: readonly C[],
  chance: Chance,
  settings: BalancerSettings,
) => Balancer<C>;

const factories: Readonly<Record<Algorithm, Factory>> = {
  'round-robin': (candidates) => new RoundRobin(candidates),
  'weighted-round-robin': (candidates) => new WeightedRoundRobin(candidates),
  random: (candidates, chance) => new Random(candidates, chance),
  'power-of-two': (candidates, chance) => new PowerOfTwo(candidates, chance),
  'least-connections': (candidates) => new LeastConnections(candidates),
  'weighted-least-connections': (candidates) => new WeightedLeastConnections(candidates),
  'consistent-hash': (candidates, chance) => new ConsistentHash(candidates, chance),
  'bounded-consistent-hash': (candidates, chance, settings) =>
    new BoundedConsistentHash(candidates, chance, settings.load_factor),
  maglev: (candidates, chance) => new Maglev(candidates, chance),
};

/** All algorithms, in the order of the documentation. */
export const algorithms: readonly string[] = Object.keys(factories);

/** The balancer that an upstream's `load_balancer` asks for, over the candidates of one generation. */
export function createBalancer<C extends Candidate>(
  settings: BalancerSettings,
  candidates: readonly C[],
  chance: Chance = Math.random,
): Balancer<C> {
  return factories[settings.algorithm](candidates, chance, settings);
}
