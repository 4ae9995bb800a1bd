import type { Candidate, PickContext } from '../contract/balancer.ts';
import { TurnOrder } from './turn-order.ts';
import { isUsable } from '../contract/candidates.ts';

/** One after the other, in the order of the config. Weights above 0 count alike. */
export class RoundRobin<C extends Candidate> extends TurnOrder<C> {
  override pick({ exclude }: PickContext): C | undefined {
    const { candidates } = this;
    const count = candidates.length;
    let at = this.next;
    for (let seen = 0; seen < count; seen++) {
      if (at >= count) at = 0;
      const candidate = candidates[at++];
      if (candidate !== undefined && isUsable(candidate, exclude)) {
        // Going on behind the one that was picked, not behind the one that was due: otherwise
        // the neighbour of a backend that is down would get both shares.
        this.next = at;
        return candidate;
      }
    }
    return undefined;
  }
}
