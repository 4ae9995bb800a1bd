import type { Candidate, PickContext } from '../contract/balancer.ts';
import { TurnOrder } from './turn-order.ts';
import { isUsable } from '../contract/candidates.ts';

/** Chooses one candidate after the other, in the order of the config. All weights above 0 count the same. */
export class RoundRobin<C extends Candidate> extends TurnOrder<C> {
  override pick({ exclude }: PickContext): C | undefined {
    const { candidates } = this;
    const count = candidates.length;
    let at = this.next;
    for (let seen = 0; seen < count; seen++) {
      if (at >= count) at = 0;
      const candidate = candidates[at++];
      if (candidate !== undefined && isUsable(candidate, exclude)) {
        // Behind the one that was picked, not behind the one whose turn it was. As it is, the neighbour
        // of a backend that is down does not get two turns in each round.
        this.next = at;
        return candidate;
      }
    }
    return undefined;
  }
}
