import type { Candidate, PickContext } from '../contract/balancer.ts';
import { TurnOrder } from './turn-order.ts';
import { isUsable } from '../contract/candidates.ts';

/** The candidate with the fewest leases; those that are even take turns. Weights above 0 count alike. */
export class LeastConnections<C extends Candidate> extends TurnOrder<C> {
  override pick({ exclude }: PickContext): C | undefined {
    const { candidates } = this;
    const count = candidates.length;
    let at = this.next;
    let picked: C | undefined;
    let fewest = Infinity;
    // Looking from behind the last pick on makes the ones that are even take turns.
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
