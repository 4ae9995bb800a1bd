import type { Candidate, PickContext } from '../contract/balancer.ts';
import { Looks } from '../selection/looks.ts';
import { UsableSet } from '../selection/usable-set.ts';

/** So many candidates that have not earned their turn are passed over, before one gets a turn nevertheless. */
const MOST_PASSED = 64;
/** Spreads what candidates have earned at first: the fractions of its multiples lie as evenly as can be. */
const GOLDEN = (Math.sqrt(5) - 1) / 2;

/** Candidates in the order of the config that get turns one after the other; whose turn it is, the balancer knows. */
export class Turns<C extends Candidate> {
  readonly #candidates: readonly C[];
  readonly #looks: Looks;
  readonly #usable: UsableSet<C>;
  /** By index: the part of a turn that a candidate with a factor below 1 has earned. Made for the first such candidate. */
  #earned: Float64Array | undefined;

  /** @param isShared whether other workers have leases of the candidates */
  constructor(candidates: readonly C[], isShared: boolean) {
    this.#candidates = candidates;
    this.#looks = new Looks(candidates.length, isShared);
    this.#usable = new UsableSet(candidates, this.#looks);
  }

  changed(at: number): void {
    this.#usable.changed(at);
  }

  /**
   * The index of the candidate that gets the turn which would be that of `at`; -1 when nobody may be picked.
   *
   * @param isTaken false to only find out
   */
  next(at: number, exclude: PickContext['exclude'], isTaken: boolean): number {
    this.#looks.some(this.#usable);
    let found = this.#usable.next(at, exclude);
    for (let passed = 0; found >= 0 && passed < MOST_PASSED && !this.#hasEarned(found, isTaken); passed++)
      found = this.#usable.next(found + 1, exclude);
    return found;
  }

  #hasEarned(at: number, isTaken: boolean): boolean {
    const factor = this.#candidates[at]?.factor ?? 1;
    if (factor >= 1) return true;
    this.#earned ??= Float64Array.from(this.#candidates, (_, place) => (place * GOLDEN) % 1);
    const earned = (this.#earned[at] ?? 0) + factor;
    if (isTaken) this.#earned[at] = earned % 1;
    return earned >= 1;
  }
}
