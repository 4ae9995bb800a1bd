import type { Balancer, Candidate, Chance, PickContext } from '../contract/balancer.ts';
import { isLessLoaded } from '../contract/candidates.ts';
import { WeightedDraw } from './weighted-draw.ts';

/**
 * Draws two different candidates by weight and takes the one with fewer leases for its weight, the first
 * when they are even. Nearly as even as least-connections, without the herd that forms when several
 * proxies all see the same backend as the emptiest.
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
