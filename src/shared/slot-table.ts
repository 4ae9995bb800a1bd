import { SEED_WORD, SlotPages, USERS_WORD, WORDS_A_SLOT } from './slot-pages.ts';
import { PLACE_WORDS } from './shared-places.ts';

/** The slots of a generation, one for each of its keys, in the order of the keys. */
export type SlotGrant = readonly number[];

/** Seeds are whole numbers below this one. */
export const SEEDS = 2 ** 30;

/**
 * Gives slots to what generations share between workers: one a listener, a backend, an upstream, a limited pool. The same key keeps its slot
 * over edits, and so its counts. It stands in the thread that supervises the workers.
 */
export class SlotTable {
  readonly #workers: number;
  readonly #pages: SlotPages;
  readonly #chance: () => number;
  readonly #slots = new Map<string, number>();
  readonly #keys: string[] = [];
  /** By slot: how many generations may open it. */
  readonly #generations: number[] = [];
  readonly #grants = new Map<number, SlotGrant>();
  /** Slots that no generation may open any more. A worker may still use them. */
  readonly #leaving = new Set<number>();
  readonly #free: number[] = [];

  /**
   * @param workers how many workers there may be
   * @param chance random numbers from 0 to below 1, of which each slot gets one
   */
  constructor(workers: number, chance: () => number) {
    this.#workers = workers;
    this.#pages = new SlotPages(workers);
    this.#chance = chance;
  }

  /** The memory of all slots, for `WorkerSlots.follow`. */
  get buffers(): readonly SharedArrayBuffer[] {
    return this.#pages.buffers;
  }

  /** Gives the slots of a generation, before any worker prepares it. */
  grant(generation: number, keys: Iterable<string>): SlotGrant {
    this.#sweep();
    const slots = Array.from(keys, (key) => this.#slotOf(key));
    for (const slot of slots) {
      this.#generations[slot] = (this.#generations[slot] ?? 0) + 1;
      this.#leaving.delete(slot);
    }
    this.#grants.set(generation, slots);
    return slots;
  }

  /**
   * No worker opens slots for that generation any more: all have aborted it, or have replaced it by another one. What still uses a slot there
   * keeps it: a slot is given again when no worker uses it.
   */
  release(generation: number): void {
    for (const slot of this.#grants.get(generation) ?? []) {
      const left = (this.#generations[slot] ?? 0) - 1;
      this.#generations[slot] = left;
      if (left === 0) this.#leaving.add(slot);
    }
    this.#grants.delete(generation);
  }

  /**
   * Takes back what a worker held that has ended. Only to be called after its thread is gone, and before another one takes its index.
   *
   * @returns how many places it held
   */
  reclaim(worker: number): number {
    let taken = 0;
    for (let slot = 0; slot < this.#pages.size; slot++) {
      const { totals, own, at } = this.#pages.row(slot);
      const words = own[worker];
      if (words === undefined) break;
      for (let word = at; word < at + PLACE_WORDS; word++) {
        const held = words[word] ?? 0;
        if (held === 0) continue;
        Atomics.sub(totals, word, held);
        taken += held;
      }
      words.fill(0, at, at + WORDS_A_SLOT);
    }
    return taken;
  }

  #slotOf(key: string): number {
    const known = this.#slots.get(key);
    if (known !== undefined) return known;
    const slot = this.#free.pop() ?? this.#keys.length;
    if (slot === this.#pages.size) this.#pages.grow();
    const { totals, at } = this.#pages.row(slot);
    Atomics.store(totals, at + SEED_WORD, Math.floor(this.#chance() * SEEDS));
    this.#slots.set(key, slot);
    this.#keys[slot] = key;
    return slot;
  }

  /** Frees the slots that no worker uses any more. */
  #sweep(): void {
    for (const slot of this.#leaving) {
      const { totals, own, at } = this.#pages.row(slot);
      if (own.some((words) => Atomics.load(words, at + USERS_WORD) > 0)) continue;
      for (let word = at; word < at + WORDS_A_SLOT; word++) Atomics.store(totals, word, 0);
      for (const words of own) words.fill(0, at, at + WORDS_A_SLOT);
      this.#leaving.delete(slot);
      this.#slots.delete(this.#keys[slot] ?? '');
      this.#free.push(slot);
    }
  }
}
