import type { Candidate, PickContext } from '../contract/balancer.ts';
import { isOpen, isUsable } from '../contract/candidates.ts';
import type { Looks } from './looks.ts';
import { IndexSet } from './index-set.ts';

/** The candidates that may be picked, as far as is known. One that may not is found out, and leaves, when it is asked for. */
export class UsableSet<C extends Candidate> {
  readonly #candidates: readonly C[];
  readonly #set: IndexSet;
  readonly #looks: Looks;

  constructor(candidates: readonly C[], looks: Looks) {
    this.#candidates = candidates;
    this.#set = new IndexSet(candidates.length);
    this.#looks = looks;
    for (let at = 0; at < candidates.length; at++) this.changed(at);
  }

  /** The candidate may be usable again. */
  changed(at: number): void {
    const candidate = this.#candidates[at];
    if (candidate === undefined || candidate.weight === 0 || this.#set.has(at)) return;
    if (isOpen(candidate)) this.#set.add(at);
  }

  /** Whether that candidate may be picked as far as is known. */
  has(at: number): boolean {
    return this.#set.has(at);
  }

  /** Whether that candidate may be picked now. */
  accepts(at: number, exclude: PickContext['exclude']): boolean {
    const candidate = this.#candidates[at];
    if (candidate === undefined || !this.#set.has(at)) return false;
    if (isUsable(candidate, exclude)) return true;
    if (!candidate.available) this.#set.delete(at);
    return false;
  }

  /** The index of the first usable candidate from `at` on, or, behind the last one, of all; -1 when there is none. */
  next(at: number, exclude: PickContext['exclude']): number {
    const found = this.#search(at, exclude);
    return found < 0 && this.#looks.all(this) ? this.#search(at, exclude) : found;
  }

  #search(at: number, exclude: PickContext['exclude']): number {
    const mostPassed = exclude?.size ?? 0;
    let passed = 0;
    let from = at;
    for (;;) {
      const found = this.#set.next(from);
      if (found < 0 || this.accepts(found, exclude)) return found;
      if (this.#set.has(found)) passed += 1;
      if (passed > mostPassed) return -1;
      from = found + 1;
    }
  }
}
