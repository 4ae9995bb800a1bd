import type { Candidate, Chance } from '../contract/balancer.ts';
import { DeadlineTurns } from './deadline-turns.ts';
import { BY_LEASES_AND_WEIGHT } from './turn-rules.ts';

/**
 * Chooses the candidate with the fewest leases for its weight. Candidates with equally few take turns by weight, so that weights
 * also count on a quiet proxy, where no candidate has a lease.
 */
export class WeightedLeastConnections<C extends Candidate> extends DeadlineTurns<C> {
  /** @param isShared whether other workers have leases of the candidates */
  constructor(candidates: readonly C[], chance: Chance, isShared = false) {
    super(candidates, chance, BY_LEASES_AND_WEIGHT, isShared);
  }
}
