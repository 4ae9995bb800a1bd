import type { Candidate, Chance } from '../contract/balancer.ts';
import { DeadlineTurns } from './deadline-turns.ts';
import { ByTime } from './turn-rules.ts';

/**
 * Chooses the candidate with the least time × (1 + leases) / weight: the one that would answer first. The time is the average time to the
 * first byte of a response. Of a candidate whose time is not known it is the typical time of those that were picked, so that a new one
 * is neither flooded nor left out. Those that are even take turns by weight.
 */
export class LeastTime<C extends Candidate> extends DeadlineTurns<C> {
  /** @param isShared whether other workers have leases of the candidates */
  constructor(candidates: readonly C[], chance: Chance, isShared = false) {
    super(candidates, chance, new ByTime(), isShared);
  }
}
