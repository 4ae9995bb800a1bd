import type { Candidate, Chance, PickContext } from '../contract/balancer.ts';
import { isOpen } from '../contract/candidates.ts';
import { Looks } from '../selection/looks.ts';
import { SumTree } from '../selection/sum-tree.ts';

/** Draws candidates at random, each as often as its share of the weight of all usable candidates. */
export class WeightedDraw<C extends Candidate> {
  readonly #candidates: readonly C[];
  readonly #chance: Chance;
  readonly #looks: Looks;
  /** The weights that count now; 0 for a candidate that may not be drawn. */
  readonly #weights: SumTree;
  /** Indexes whose weight is 0 for this draw alone. */
  readonly #hidden: number[] = [];

  /** @param isShared whether other workers have leases of the candidates */
  constructor(candidates: readonly C[], chance: Chance, isShared: boolean) {
    this.#candidates = candidates;
    this.#chance = chance;
    this.#looks = new Looks(candidates.length, isShared);
    this.#weights = new SumTree(candidates.map(weightNow));
  }

  changed(at: number): void {
    const candidate = this.#candidates[at];
    if (candidate === undefined) return;
    const before = this.#weights.weightAt(at);
    if (before !== 0 && before === candidate.weight * candidate.factor) return;
    const weight = weightNow(candidate);
    if (weight !== before) this.#weights.set(at, weight);
  }

  /** The index of a usable candidate other than `except`; -1 when there is none. */
  draw(exclude: PickContext['exclude'], except: number): number {
    this.#looks.some(this);
    const drawn = this.#drawUsable(exclude, except);
    return drawn < 0 && this.#looks.all(this) ? this.#drawUsable(exclude, except) : drawn;
  }

  #drawUsable(exclude: PickContext['exclude'], except: number): number {
    const weights = this.#weights;
    let drawn = -1;
    while (weights.total > 0) {
      const at = weights.find(this.#chance() * weights.total);
      const candidate = this.#candidates[at];
      if (candidate === undefined) break;
      if (!candidate.available) weights.set(at, 0);
      else if (at === except || exclude?.has(candidate) === true) this.#hide(at);
      else {
        drawn = at;
        break;
      }
    }
    if (this.#hidden.length > 0) this.#showAll();
    return drawn;
  }

  #hide(at: number): void {
    this.#weights.set(at, 0);
    this.#hidden.push(at);
  }

  #showAll(): void {
    for (const at of this.#hidden) this.changed(at);
    this.#hidden.length = 0;
  }
}

function weightNow(candidate: Candidate): number {
  const { weight, factor } = candidate;
  return weight > 0 && isOpen(candidate) ? weight * factor : 0;
}
