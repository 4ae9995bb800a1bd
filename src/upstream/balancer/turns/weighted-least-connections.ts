import type { Candidate, PickContext } from '../contract/balancer.ts';
import { isLessLoaded, isUsable } from '../contract/candidates.ts';
import { WeightedTurns } from './weighted-turns.ts';

/**
 * Chooses the candidate with the fewest leases for its weight. Candidates with equally few take turns by weight, so that weights
 * also count on a quiet proxy, where no candidate has a lease.
 */
export class WeightedLeastConnections<C extends Candidate> extends WeightedTurns<C> {
  override pick({ exclude }: PickContext): C | undefined {
    let least: C | undefined;
    let even = 0;
    for (const candidate of this.candidates) {
      if (!isUsable(candidate, exclude)) continue;
      if (least === undefined || isLessLoaded(candidate, least)) {
        least = candidate;
        even = 1;
      } else if (!isLessLoaded(least, candidate)) {
        even++;
      }
    }
    return least === undefined || even === 1 ? least : this.takeTurn(exclude, least);
  }
}
