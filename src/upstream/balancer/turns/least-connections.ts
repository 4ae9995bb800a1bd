import type { Candidate, Chance } from '../contract/balancer.ts';
import { DeadlineTurns } from './deadline-turns.ts';
import { BY_LEASES } from './turn-rules.ts';

/** Chooses the candidate with the fewest leases. Candidates with equally few take turns. All weights above 0 count the same. */
export class LeastConnections<C extends Candidate> extends DeadlineTurns<C> {
  /** @param isShared whether other workers have leases of the candidates */
  constructor(candidates: readonly C[], chance: Chance, isShared = false) {
    super(candidates, chance, BY_LEASES, isShared);
  }
}
