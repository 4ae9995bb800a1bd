import type { Balancer, Candidate, Chance, PickContext } from '../contract/balancer.ts';
import type { HashRing } from './hash-ring.ts';
import { hasKey, pickHash } from './hash-text.ts';
import type { KeyOwners } from './key-owners.ts';

/** So many points of the ring are tried. More are needed only when nearly all candidates are unusable. */
const MOST_POINTS = 32;

/**
 * Chooses the owner of the key's place on a hash ring, or the next usable candidate on the ring. While a candidate is not usable, only its
 * keys move, and they come back when it is usable again. A request without a key goes to a random candidate, by weight.
 */
export class ConsistentHash<C extends Candidate> implements Balancer<C> {
  readonly #ring: HashRing<C>;
  readonly #owners: KeyOwners<C>;
  readonly #chance: Chance;

  /** @param isShared whether other workers have leases of the candidates */
  constructor(ring: HashRing<C>, chance: Chance, isShared = false) {
    this.#ring = ring;
    this.#owners = ring.owners(isShared);
    this.#chance = chance;
  }

  pick({ key, exclude }: PickContext): C | undefined {
    const owners = this.#owners;
    const hash = pickHash(key, this.#chance);
    owners.begin();
    let point = this.#ring.pointAt(hash);
    for (let tried = 0; tried < MOST_POINTS; tried++) {
      const owner = this.#ring.ownerAt(point);
      if (owners.takes(owner, hash, exclude)) return owners.candidates[owner];
      point = this.#ring.pointAfter(point);
    }
    return owners.candidates[owners.other(hash, exclude)];
  }

  peek(context: PickContext): C | undefined {
    return hasKey(context) ? this.pick(context) : undefined;
  }

  changed(at: number): void {
    this.#owners.changed(at);
  }
}
