import type { Balancer, Candidate, Chance, PickContext } from '../contract/balancer.ts';
import { hashedCandidates } from './hashed-candidates.ts';
import { hasKey, mixBits, pickHash } from './hash-text.ts';
import { KeyOwners } from './key-owners.ts';
import { maglevTable } from './maglev-table.ts';
import type { Steps } from '../contract/steps.ts';

/** So many slots are tried. More are needed only when nearly all candidates are unusable. */
const MOST_SLOTS = 32;

/**
 * Chooses the owner of the key's slot in a Maglev table: one look-up, and shares that hardly differ from the weights. Its disadvantage
 * against a ring: when an edit changes the backends, a few keys of other backends move too. While a candidate is not usable, the table
 * stays the same and only that candidate's keys move. Each follows a sequence of slots of its own, so the keys spread over the
 * other candidates by weight. A request without a key goes to a random candidate, by weight.
 */
export class Maglev<C extends Candidate> implements Balancer<C> {
  readonly #owners: KeyOwners<C>;
  readonly #table: Uint32Array;
  readonly #chance: Chance;

  private constructor(owners: KeyOwners<C>, table: Uint32Array, chance: Chance) {
    this.#owners = owners;
    this.#table = table;
    this.#chance = chance;
  }

  /** @param isShared whether other workers have leases of the candidates */
  static *of<C extends Candidate>(
    candidates: readonly C[],
    chance: Chance,
    isShared = false,
  ): Steps<Maglev<C>> {
    const hashed = hashedCandidates(candidates);
    const table = yield* maglevTable(hashed);
    return new Maglev(new KeyOwners(hashed, candidates.length, isShared), table, chance);
  }

  pick({ key, exclude }: PickContext): C | undefined {
    const owners = this.#owners;
    const table = this.#table;
    const hash = pickHash(key, this.#chance);
    owners.begin();
    const first = table[hash % table.length] ?? -1;
    return owners.candidates[owners.takes(first, hash, exclude) ? first : this.#otherOwner(hash, exclude)];
  }

  peek(context: PickContext): C | undefined {
    return hasKey(context) ? this.pick(context) : undefined;
  }

  changed(at: number): void {
    this.#owners.changed(at);
  }

  #otherOwner(hash: number, exclude: PickContext['exclude']): number {
    const table = this.#table;
    if (table.length === 0) return -1;
    const step = (mixBits(hash) % (table.length - 1)) + 1;
    let slot = hash % table.length;
    for (let tried = 0; tried < MOST_SLOTS; tried++) {
      slot = (slot + step) % table.length;
      const owner = table[slot] ?? -1;
      if (this.#owners.takes(owner, hash, exclude)) return owner;
    }
    return this.#owners.other(hash, exclude);
  }
}
