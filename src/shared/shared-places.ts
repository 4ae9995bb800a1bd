import type { PlaceLimit } from './place-limit.ts';
import { USERS_WORD, type SlotRow } from './slot-pages.ts';

/** The first words of a slot count places, if anything. A worker's own word counts how many of the total it holds. */
export const PLACE_WORDS = 2;

/**
 * Places that are counted in shared words: exact, as each one is taken by one atomic step. Beside the count of all workers stands
 * the count of each one, so that the places of a worker that ends can be given back.
 *
 * A thread may be ended at any moment, but V8 ends it only where a function is called, before the function does anything, or where a loop
 * goes round. So the total changes first, and behind that comes the worker's own count with no call and no loop in between: both
 * are changed, or none.
 *
 * Until it is closed, its slot is not given to anything else.
 */
export class SharedPlaces implements PlaceLimit {
  readonly #totals: Int32Array;
  readonly #own: Int32Array;
  readonly #at: number;
  readonly #usersAt: number;
  /** Places that this object holds. */
  #held = 0;
  #closed = false;

  /**
   * @param worker the worker that this object belongs to
   * @param word which word of the slot counts the places
   */
  constructor(row: SlotRow, worker: number, word: number) {
    const own = row.own[worker];
    if (own === undefined) throw new RangeError(`there is no worker ${worker}`);
    this.#totals = row.totals;
    this.#own = own;
    this.#at = row.at + word;
    this.#usersAt = row.at + USERS_WORD;
    Atomics.add(own, this.#usersAt, 1);
  }

  get taken(): number {
    return Atomics.load(this.#totals, this.#at);
  }

  take(limit: number): boolean {
    if (this.#closed) return true;
    const at = this.#at;
    for (let taken = Atomics.load(this.#totals, at); ;) {
      if (taken >= limit) return false;
      const before = Atomics.compareExchange(this.#totals, at, taken, taken + 1);
      if (before === taken) break;
      taken = before;
    }
    this.#own[at] = (this.#own[at] ?? 0) + 1;
    this.#held += 1;
    return true;
  }

  release(): void {
    if (this.#closed) return;
    const at = this.#at;
    Atomics.sub(this.#totals, at, 1);
    this.#own[at] = (this.#own[at] ?? 0) - 1;
    this.#held -= 1;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    const at = this.#at;
    Atomics.sub(this.#totals, at, this.#held);
    this.#own[at] = (this.#own[at] ?? 0) - this.#held;
    Atomics.sub(this.#own, this.#usersAt, 1);
  }
}
