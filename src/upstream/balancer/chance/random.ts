import type { Balancer, Candidate, Chance, PickContext } from '../contract/balancer.ts';
import { WeightedDraw } from './weighted-draw.ts';

/** Chooses at random, in proportion to the weights. It has no state, so many proxies in front of the same backends never fall into step. */
export class Random<C extends Candidate> implements Balancer<C> {
  readonly #candidates: readonly C[];
  readonly #drawing: WeightedDraw<C>;

  /** @param isShared whether other workers have leases of the candidates */
  constructor(candidates: readonly C[], chance: Chance, isShared = false) {
    this.#candidates = candidates;
    this.#drawing = new WeightedDraw(candidates, chance, isShared);
  }

  pick({ exclude }: PickContext): C | undefined {
    return this.#candidates[this.#drawing.draw(exclude, -1)];
  }

  changed(at: number): void {
    this.#drawing.changed(at);
  }
}
