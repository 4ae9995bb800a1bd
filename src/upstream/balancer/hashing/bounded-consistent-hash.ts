import type { Balancer, Candidate, Chance, PickContext } from '../contract/balancer.ts';
import type { HashRing } from './hash-ring.ts';
import { isUsable } from '../contract/candidates.ts';
import { hasKey, pickHash } from './hash-text.ts';

/**
 * Consistent hashing in which no candidate gets more than `loadFactor` times its share of all leases, rounded up. The keys of a full
 * candidate go to the next candidate on the ring. Only usable candidates and their leases count for the shares, so one candidate always
 * has room. A request without a key goes to a random candidate, by weight and within the bound.
 *
 * Source: Mirrokni, Thorup, Zadimoghaddam, Consistent Hashing with Bounded Loads (2016).
 */
export class BoundedConsistentHash<C extends Candidate> implements Balancer<C> {
  readonly #ring: HashRing<C>;
  readonly #chance: Chance;
  readonly #loadFactor: number;

  /** Throws a RangeError unless `loadFactor` is a number from 1 on. */
  constructor(ring: HashRing<C>, chance: Chance, loadFactor: number) {
    if (!(loadFactor >= 1)) throw new RangeError('the load factor must be at least 1');
    this.#ring = ring;
    this.#chance = chance;
    this.#loadFactor = loadFactor;
  }

  pick({ key, exclude }: PickContext): C | undefined {
    const ring = this.#ring;
    const point = ring.pointAt(pickHash(key, this.#chance));
    const owner = ring.ownerOf(point);
    // The bound is never below 1, so an idle owner needs no sums.
    if (owner?.active === 0 && isUsable(owner, exclude)) return owner;
    return this.#walk(point, exclude);
  }

  peek(context: PickContext): C | undefined {
    return hasKey(context) ? this.pick(context) : undefined;
  }

  #walk(start: number, exclude: PickContext['exclude']): C | undefined {
    const ring = this.#ring;
    const { candidates } = ring;
    let active = 0;
    let weight = 0;
    for (const candidate of candidates) {
      if (!isUsable(candidate, exclude)) continue;
      active += candidate.active;
      weight += candidate.weight;
    }
    if (weight === 0) return undefined;
    const allowed = this.#loadFactor * (active + 1);
    let point = start;
    for (let seen = 0; seen < ring.size; seen++) {
      const owner = ring.ownerOf(point);
      if (owner !== undefined && isUsable(owner, exclude)) {
        if (owner.active < Math.ceil((allowed * owner.weight) / weight)) return owner;
      }
      point = ring.pointAfter(point);
    }
    // Never reached: the bounds add up to at least one more than the number of running leases.
    return undefined;
  }
}
