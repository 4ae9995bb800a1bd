import type { Balancer, Candidate, Chance, PickContext } from '../contract/balancer.ts';
import { isLessLoaded } from '../contract/candidates.ts';
import { WeightedDraw } from './weighted-draw.ts';

/**
 * Draws two different candidates by weight and takes the one with fewer leases for its weight; when they are even, the first one. Loads
 * are nearly as even as with least-connections, but several proxies do not all choose the same, least loaded backend.
 *
 * Source: Mitzenmacher, The Power of Two Choices in Randomized Load Balancing (2001).
 */
export class PowerOfTwo<C extends Candidate> implements Balancer<C> {
  readonly #drawing: WeightedDraw<C>;

  constructor(candidates: readonly C[], chance: Chance) {
    this.#drawing = new WeightedDraw(candidates, chance);
  }

  pick({ exclude }: PickContext): C | undefined {
    const first = this.#drawing.draw(exclude, undefined);
    if (first === undefined) return undefined;
    const second = this.#drawing.draw(exclude, first);
    return second !== undefined && isLessLoaded(second, first) ? second : first;
  }
}
