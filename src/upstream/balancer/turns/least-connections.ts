import type { Candidate, PickContext } from '../contract/balancer.ts';
import { TurnOrder } from './turn-order.ts';
import { isUsable } from '../contract/candidates.ts';

/** Chooses the candidate with the fewest leases. Candidates with equally few take turns. All weights above 0 count the same. */
export class LeastConnections<C extends Candidate> extends TurnOrder<C> {
  override pick({ exclude }: PickContext): C | undefined {
    const { candidates } = this;
    const count = candidates.length;
    let at = this.next;
    let picked: C | undefined;
    let fewest = Infinity;
    // The search begins behind the last pick, so that candidates with equally few leases take turns.
    for (let seen = 0; seen < count; seen++) {
      if (at >= count) at = 0;
      const candidate = candidates[at++];
      if (candidate === undefined || !isUsable(candidate, exclude)) continue;
      const { active } = candidate;
      if (active >= fewest) continue;
      picked = candidate;
      fewest = active;
      this.next = at;
      if (active === 0) break;
    }
    return picked;
  }
}
