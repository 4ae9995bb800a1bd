import type { Balancer, Candidate, Chance, PickContext } from '../contract/balancer.ts';
import { WeightedDraw } from './weighted-draw.ts';

/** Chooses at random, in proportion to the weights. It has no state, so many proxies in front of the same backends never fall into step. */
export class Random<C extends Candidate> implements Balancer<C> {
  readonly #drawing: WeightedDraw<C>;

  constructor(candidates: readonly C[], chance: Chance) {
    this.#drawing = new WeightedDraw(candidates, chance);
  }

  pick({ exclude }: PickContext): C | undefined {
    return this.#drawing.draw(exclude, undefined);
  }
}
