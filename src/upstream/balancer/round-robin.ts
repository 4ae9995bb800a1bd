import type { Candidate, PickContext } from './balancer.ts';
import { DueInTurn } from './due-in-turn.ts';
import { isUsable } from './is-usable.ts';

/** One after the other, in the order of the config. Weights above 0 count alike. */
export class RoundRobin<C extends Candidate> extends DueInTurn<C> {
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
