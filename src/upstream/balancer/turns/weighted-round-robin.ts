import type { Candidate, PickContext } from '../contract/balancer.ts';
import { WeightedTurns } from './weighted-turns.ts';

/** All usable candidates take turns by weight. */
export class WeightedRoundRobin<C extends Candidate> extends WeightedTurns<C> {
  override pick({ exclude }: PickContext): C | undefined {
    return this.takeTurn(exclude);
  }
}
