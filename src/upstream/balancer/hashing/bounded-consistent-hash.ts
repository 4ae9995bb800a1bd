import type { Balancer, Candidate, Chance, PickContext } from '../contract/balancer.ts';
import type { HashRing } from './hash-ring.ts';
import { hasKey, pickHash } from './hash-text.ts';
import type { KeyOwners } from './key-owners.ts';
import { LoadTotals } from './load-totals.ts';

/** So many points of the ring are tried for one below its bound. The theory expects (1 / (load factor - 1))² of them at most: 16 with 1.25. */
const MOST_POINTS = 48;

/**
 * Consistent hashing in which no candidate gets more than `loadFactor` times its share of all leases, rounded up. The keys of a full
 * candidate go to the next candidate on the ring. Only usable candidates and their leases count for the shares, so one candidate always
 * has room. A request without a key goes to a random candidate, by weight and within the bound.
 *
 * Source: Mirrokni, Thorup, Zadimoghaddam, Consistent Hashing with Bounded Loads (2016).
 */
export class BoundedConsistentHash<C extends Candidate> implements Balancer<C> {
  readonly #ring: HashRing<C>;
  readonly #owners: KeyOwners<C>;
  readonly #totals: LoadTotals<C>;
  readonly #chance: Chance;
  readonly #loadFactor: number;

  /**
   * @param isShared whether other workers have leases of the candidates
   * @throws RangeError unless `loadFactor` is a number from 1 on
   */
  constructor(ring: HashRing<C>, chance: Chance, loadFactor: number, isShared = false) {
    if (!(loadFactor >= 1)) throw new RangeError('the load factor must be at least 1');
    this.#ring = ring;
    this.#owners = ring.owners(isShared);
    this.#totals = new LoadTotals(this.#owners.candidates);
    this.#chance = chance;
    this.#loadFactor = loadFactor;
  }

  pick({ key, exclude }: PickContext): C | undefined {
    const owners = this.#owners;
    const hash = pickHash(key, this.#chance);
    owners.begin();
    this.#totals.begin();
    const owner = this.#find(hash, exclude);
    this.#totals.picked(owner);
    return owners.candidates[owner];
  }

  peek(context: PickContext): C | undefined {
    return hasKey(context) ? this.pick(context) : undefined;
  }

  changed(at: number): void {
    this.#owners.changed(at);
    this.#totals.changed(this.#owners.placeOf(at));
  }

  #find(hash: number, exclude: PickContext['exclude']): number {
    let point = this.#ring.pointAt(hash);
    for (let tried = 0; tried < MOST_POINTS; tried++) {
      const owner = this.#ring.ownerAt(point);
      point = this.#ring.pointAfter(point);
      if (!this.#owners.mayTake(owner)) continue;
      if (this.#owners.takes(owner, hash, exclude)) {
        if (this.#hasRoom(owner)) return owner;
      } else this.#totals.changed(owner);
    }
    return this.#leastOf(hash, exclude);
  }

  #hasRoom(owner: number): boolean {
    const candidate = this.#owners.candidates[owner];
    if (candidate === undefined) return false;
    // The bound is never below 1.
    if (candidate.active === 0) return true;
    const { leases, weight } = this.#totals;
    return candidate.active < Math.ceil((this.#loadFactor * (leases + 1) * candidate.weight) / weight);
  }

  /** Nobody near the key has room: the next one behind a place that the key gives. Where all that are left are full, the first of them. */
  #leastOf(hash: number, exclude: PickContext['exclude']): number {
    const first = this.#owners.other(hash, exclude);
    let owner = first;
    while (owner >= 0 && !this.#hasRoom(owner)) {
      owner = this.#owners.after(owner, exclude);
      if (owner === first) return first;
    }
    return owner;
  }
}
