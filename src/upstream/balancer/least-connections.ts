import type { Balancer, Candidate, PickContext } from './balancer.ts';
import { dueAt } from './due-at.ts';
import { isUsable, withWeight } from './is-usable.ts';

/** The candidate with the fewest leases; those that are even take turns. Weights above 0 count alike. */
export class LeastConnections<C extends Candidate> implements Balancer<C> {
  readonly #candidates: readonly C[];
  #next = 0;

  constructor(candidates: readonly C[]) {
    this.#candidates = withWeight(candidates);
  }

  pick({ exclude }: PickContext): C | undefined {
    const candidates = this.#candidates;
    const count = candidates.length;
    let at = this.#next;
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
      this.#next = at;
      if (active === 0) break;
    }
    return picked;
  }

  peek(context: PickContext): C | undefined {
    const next = this.#next;
    const picked = this.pick(context);
    this.#next = next;
    return picked;
  }

  resume(previous: Balancer): void {
    if (!(previous instanceof LeastConnections)) return;
    const before = previous as LeastConnections<Candidate>;
    this.#next = dueAt(before.#candidates, before.#next, this.#candidates);
  }
}
