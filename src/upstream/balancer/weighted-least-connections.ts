import type { Balancer, Candidate, PickContext } from './balancer.ts';
import { isLessLoaded } from './is-less-loaded.ts';
import { isUsable, withWeight } from './is-usable.ts';
import { passCredits } from './pass-credits.ts';

/**
 * The candidate with the fewest leases for its weight. Those that are even take turns by weight (as in
 * weighted-round-robin), so that weights count on a quiet proxy too, where all have no lease at all.
 */
export class WeightedLeastConnections<C extends Candidate> implements Balancer<C> {
  readonly #candidates: readonly C[];
  readonly #credits: Float64Array;

  constructor(candidates: readonly C[]) {
    this.#candidates = withWeight(candidates);
    this.#credits = new Float64Array(this.#candidates.length);
  }

  pick({ exclude }: PickContext): C | undefined {
    const candidates = this.#candidates;
    let least: C | undefined;
    let even = 0;
    for (const candidate of candidates) {
      if (!isUsable(candidate, exclude)) continue;
      if (least === undefined || isLessLoaded(candidate, least)) {
        least = candidate;
        even = 1;
      } else if (!isLessLoaded(least, candidate)) {
        even++;
      }
    }
    return least === undefined || even === 1 ? least : this.#takeTurns(least, exclude);
  }

  peek(context: PickContext): C | undefined {
    const credits = this.#credits.slice();
    const picked = this.pick(context);
    this.#credits.set(credits);
    return picked;
  }

  resume(previous: Balancer): void {
    if (!(previous instanceof WeightedLeastConnections)) return;
    const before = previous as WeightedLeastConnections<Candidate>;
    passCredits(before.#candidates, before.#credits, this.#candidates, this.#credits);
  }

  /** One step of smooth weighted round robin among those that are as little loaded as `least`. */
  #takeTurns(least: C, exclude: PickContext['exclude']): C {
    const candidates = this.#candidates;
    const credits = this.#credits;
    let earned = 0;
    let richest = -1;
    let most = -Infinity;
    let picked = least;
    for (let at = 0; at < candidates.length; at++) {
      const candidate = candidates[at];
      if (candidate === undefined || !isUsable(candidate, exclude)) continue;
      if (isLessLoaded(least, candidate)) continue;
      const credit = (credits[at] ?? 0) + candidate.weight;
      credits[at] = credit;
      earned += candidate.weight;
      if (credit > most) {
        most = credit;
        richest = at;
        picked = candidate;
      }
    }
    credits[richest] = most - earned;
    return picked;
  }
}
