import type { Candidate, Chance, PickContext } from '../contract/balancer.ts';
import { isUsable, withWeight } from '../contract/candidates.ts';

/** So often one is drawn from all candidates, before the weights of the usable candidates are added up. */
const QUICK_DRAWS = 2;

/** Draws candidates at random, each as often as its share of the weight of all usable candidates. */
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
    // To draw again when the candidate is not usable does not change the shares of the usable ones.
    for (let drawn = 0; drawn < QUICK_DRAWS; drawn++) {
      const candidate = this.#candidates[this.#position()];
      if (candidate !== undefined && candidate !== except && isUsable(candidate, exclude)) return candidate;
    }
    return this.#drawAmongUsable(exclude, except);
  }

  /** A random index, by binary search. Never above the last index, even with rounding errors. */
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
