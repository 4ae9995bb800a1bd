import type { Balancer, Candidate, PickContext } from './balancer.ts';
import { dueAt } from './due-at.ts';
import { isUsable, withWeight } from './is-usable.ts';

/** One after the other, in the order of the config. Weights above 0 count alike. */
export class RoundRobin<C extends Candidate> implements Balancer<C> {
  readonly #candidates: readonly C[];
  #next = 0;

  constructor(candidates: readonly C[]) {
    this.#candidates = withWeight(candidates);
  }

  pick({ exclude }: PickContext): C | undefined {
    const candidates = this.#candidates;
    const count = candidates.length;
    let at = this.#next;
    for (let seen = 0; seen < count; seen++) {
      if (at >= count) at = 0;
      const candidate = candidates[at++];
      if (candidate !== undefined && isUsable(candidate, exclude)) {
        // Going on behind the one that was picked, not behind the one that was due: otherwise
        // the neighbour of a backend that is down would get both shares.
        this.#next = at;
        return candidate;
      }
    }
    return undefined;
  }

  peek(context: PickContext): C | undefined {
    const next = this.#next;
    const picked = this.pick(context);
    this.#next = next;
    return picked;
  }

  resume(previous: Balancer): void {
    if (!(previous instanceof RoundRobin)) return;
    const before = previous as RoundRobin<Candidate>;
    this.#next = dueAt(before.#candidates, before.#next, this.#candidates);
  }
}
