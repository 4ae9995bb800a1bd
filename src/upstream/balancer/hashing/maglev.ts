import type { Balancer, Candidate, Chance, PickContext } from '../contract/balancer.ts';
import { hashedCandidates } from './hashed-candidates.ts';
import { hasKey, mixBits, pickHash } from './hash-text.ts';
import { isAnyUsable, isUsable } from '../contract/candidates.ts';
import { maglevTable } from './maglev-table.ts';
import type { Steps } from '../contract/steps.ts';

/**
 * Chooses the owner of the key's slot in a Maglev table: one look-up, and shares that hardly differ from the weights. Its disadvantage
 * against a ring: when an edit changes the backends, a few keys of other backends move too. While a candidate is not usable, the table
 * stays the same and only that candidate's keys move. Each follows a sequence of slots of its own, so the keys spread over the
 * other candidates by weight. A request without a key goes to a random candidate, by weight.
 */
export class Maglev<C extends Candidate> implements Balancer<C> {
  readonly #candidates: readonly C[];
  readonly #table: Uint32Array;
  readonly #chance: Chance;

  private constructor(candidates: readonly C[], table: Uint32Array, chance: Chance) {
    this.#candidates = candidates;
    this.#table = table;
    this.#chance = chance;
  }

  static *of<C extends Candidate>(candidates: readonly C[], chance: Chance): Steps<Maglev<C>> {
    const hashed = hashedCandidates(candidates);
    const table = yield* maglevTable(hashed);
    return new Maglev(
      hashed.map(({ candidate }) => candidate),
      table,
      chance,
    );
  }

  pick({ key, exclude }: PickContext): C | undefined {
    const table = this.#table;
    const hash = pickHash(key, this.#chance);
    const owner = this.#candidates[table[hash % table.length] ?? -1];
    if (owner === undefined || isUsable(owner, exclude)) return owner;
    return isAnyUsable(this.#candidates, exclude) ? this.#pickOther(hash, exclude) : undefined;
  }

  peek(context: PickContext): C | undefined {
    return hasKey(context) ? this.pick(context) : undefined;
  }

  #pickOther(hash: number, exclude: PickContext['exclude']): C | undefined {
    const candidates = this.#candidates;
    const table = this.#table;
    const step = (mixBits(hash) % (table.length - 1)) + 1;
    let slot = hash % table.length;
    for (let tries = 4 * candidates.length; tries > 0; tries--) {
      slot = (slot + step) % table.length;
      const owner = candidates[table[slot] ?? -1];
      if (owner !== undefined && isUsable(owner, exclude)) return owner;
    }
    // The usable candidates own only a tiny part of the table: take the first usable one, counted from an index that the key gives.
    for (let seen = 0; seen < candidates.length; seen++) {
      const candidate = candidates[(step + seen) % candidates.length];
      if (candidate !== undefined && isUsable(candidate, exclude)) return candidate;
    }
    return undefined;
  }
}
