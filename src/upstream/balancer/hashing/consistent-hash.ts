import type { Balancer, Candidate, Chance, PickContext } from '../contract/balancer.ts';
import type { HashRing } from './hash-ring.ts';
import { isAnyUsable, isUsable } from '../contract/candidates.ts';
import { hasKey, pickHash } from './hash-text.ts';

/**
 * Chooses the owner of the key's place on a hash ring, or the next usable candidate on the ring. While a candidate is not usable, only its
 * keys move, and they come back when it is usable again. A request without a key goes to a random candidate, by weight.
 */
export class ConsistentHash<C extends Candidate> implements Balancer<C> {
  readonly #ring: HashRing<C>;
  readonly #chance: Chance;

  constructor(ring: HashRing<C>, chance: Chance) {
    this.#ring = ring;
    this.#chance = chance;
  }

  pick({ key, exclude }: PickContext): C | undefined {
    const ring = this.#ring;
    let point = ring.pointAt(pickHash(key, this.#chance));
    let owner = ring.ownerOf(point);
    if (owner === undefined || isUsable(owner, exclude)) return owner;
    if (!isAnyUsable(ring.candidates, exclude)) return undefined;
    do {
      point = ring.pointAfter(point);
      owner = ring.ownerOf(point);
    } while (owner !== undefined && !isUsable(owner, exclude));
    return owner;
  }

  peek(context: PickContext): C | undefined {
    return hasKey(context) ? this.pick(context) : undefined;
  }
}
