import type { Candidate, Chance, PickContext } from '../contract/balancer.ts';
import { isUsable, withWeight } from '../contract/candidates.ts';

/** How often a draw among all is tried before the usable ones are added up. */
const QUICK_DRAWS = 2;

/** Draws candidates by chance, each as often as its share of the usable weight. */
export class WeightedDraw<C extends Candidate> {
  readonly #candidates: readonly C[];
  /** `#upTo[n]` is the weight of the candidates 0 to n together. */
  readonly #upTo: Float64Array;
  readonly #chance: Chance;

  constructor(candidates: readonly C[], chance: Chance) {
    this.#candidates = withWeight(candidates);
    this.#chance = chance;
    let sum = 0;
    this.#upTo = Float64Array.from(this.#candidates, ({ weight }) => (sum += weight));
  }

  /** A usable candidate other than `except`; undefined when there is none. */
  draw(exclude: PickContext['exclude'], except: C | undefined): C | undefined {
    // Throwing away what is not usable leaves the shares of the others as they are.
    for (let drawn = 0; drawn < QUICK_DRAWS; drawn++) {
      const candidate = this.#candidates[this.#position()];
      if (candidate !== undefined && candidate !== except && isUsable(candidate, exclude)) return candidate;
    }
    return this.#drawAmongUsable(exclude, except);
  }

  /** By binary search; the number of candidates at most, so that rounding can't lead behind the last one. */
  #position(): number {
    const upTo = this.#upTo;
    let low = 0;
    let high = upTo.length - 1;
    const point = this.#chance() * (upTo[high] ?? 0);
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((upTo[middle] ?? 0) <= point) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #drawAmongUsable(exclude: PickContext['exclude'], except: C | undefined): C | undefined {
    const candidates = this.#candidates;
    let weight = 0;
    for (const candidate of candidates) {
      if (candidate === except || !isUsable(candidate, exclude)) continue;
      weight += candidate.weight;
    }
    let point = this.#chance() * weight;
    let last: C | undefined;
    for (const candidate of candidates) {
      if (candidate === except || !isUsable(candidate, exclude)) continue;
      last = candidate;
      point -= candidate.weight;
      if (point < 0) break;
    }
    return last;
  }
}
