import type { Balancer, Candidate, Chance, PickContext } from '../contract/balancer.ts';
import { WeightedDraw } from './weighted-draw.ts';

/**
 * Draws two different candidates by weight and takes the better one; when they are even, the first one. Loads are nearly as even as if the
 * best of all were taken, but several proxies do not all choose the same backend.
 *
 * Source: Mitzenmacher, The Power of Two Choices in Randomized Load Balancing (2001).
 */
export abstract class TwoChoices<C extends Candidate> implements Balancer<C> {
  readonly #candidates: readonly C[];
  readonly #drawing: WeightedDraw<C>;

  /** @param isShared whether other workers have leases of the candidates */
  constructor(candidates: readonly C[], chance: Chance, isShared = false) {
    this.#candidates = candidates;
    this.#drawing = new WeightedDraw(candidates, chance, isShared);
  }

  protected abstract isBetter(one: C, other: C): boolean;

  pick({ exclude }: PickContext): C | undefined {
    const at = this.#drawing.draw(exclude, -1);
    const first = this.#candidates[at];
    if (first === undefined) return undefined;
    const second = this.#candidates[this.#drawing.draw(exclude, at)];
    return second !== undefined && this.isBetter(second, first) ? second : first;
  }

  changed(at: number): void {
    this.#drawing.changed(at);
  }
}
