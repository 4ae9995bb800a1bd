import type { Candidate, PickContext } from '../contract/balancer.ts';
import { Looks } from '../selection/looks.ts';
import { UsableSet } from '../selection/usable-set.ts';
import type { HashedCandidate } from './hashed-candidates.ts';
import { mixBits } from './hash-text.ts';

/** The candidates that keys belong to, in the order of their hashes: which of them takes a key now. */
export class KeyOwners<C extends Candidate> {
  readonly candidates: readonly C[];
  readonly #usable: UsableSet<C>;
  readonly #looks: Looks;
  /** By index in the list that the balancer was made with: the index here. */
  readonly #places: Int32Array;
  readonly #salts: Uint32Array;

  /**
   * @param size length of the list that the balancer was made with
   * @param isShared whether other workers have leases of the candidates
   */
  constructor(hashed: readonly HashedCandidate<C>[], size: number, isShared: boolean) {
    this.candidates = hashed.map(({ candidate }) => candidate);
    this.#looks = new Looks(hashed.length, isShared);
    this.#usable = new UsableSet(this.candidates, this.#looks);
    this.#salts = Uint32Array.from(hashed, ({ first }) => first);
    this.#places = new Int32Array(size).fill(-1);
    for (const [place, { at }] of hashed.entries()) this.#places[at] = place;
  }

  /** The index here of that candidate in the list that the balancer was made with; -1 for one of weight 0. */
  placeOf(at: number): number {
    return this.#places[at] ?? -1;
  }

  /** @param at index in the list that the balancer was made with */
  changed(at: number): void {
    this.#usable.changed(this.placeOf(at));
  }

  /** A pick begins. */
  begin(): void {
    this.#looks.some(this.#usable);
  }

  /** Whether that owner was usable when it was looked at last. */
  mayTake(owner: number): boolean {
    return this.#usable.has(owner);
  }

  /**
   * Whether that owner takes a key now. One that starts slowly takes a part of its keys, which grows: a key that it has taken stays.
   *
   * @param hash of the key
   */
  takes(owner: number, hash: number, exclude: PickContext['exclude']): boolean {
    if (!this.#usable.accepts(owner, exclude)) return false;
    const factor = this.candidates[owner]?.factor ?? 1;
    return factor >= 1 || mixBits(hash ^ (this.#salts[owner] ?? 0)) < factor * 2 ** 32;
  }

  /** The usable candidate that follows a place which the key gives, where the owners that come first for it are not usable; -1 without any. */
  other(hash: number, exclude: PickContext['exclude']): number {
    const count = this.candidates.length;
    return count === 0 ? -1 : this.#usable.next(mixBits(hash) % count, exclude);
  }

  /** The usable candidate behind that one; -1 without any. */
  after(owner: number, exclude: PickContext['exclude']): number {
    return this.#usable.next(owner + 1, exclude);
  }
}
