import type { Candidate, Chance } from '../contract/balancer.ts';
import { DeadlineTurns } from './deadline-turns.ts';
import { BY_WEIGHT } from './turn-rules.ts';

/** All usable candidates take turns by weight. */
export class WeightedRoundRobin<C extends Candidate> extends DeadlineTurns<C> {
  /** @param isShared whether other workers have leases of the candidates */
  constructor(candidates: readonly C[], chance: Chance, isShared = false) {
    super(candidates, chance, BY_WEIGHT, isShared);
  }
}
