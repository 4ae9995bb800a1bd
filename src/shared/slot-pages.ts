/** Slots of one page. */
export const SLOTS_A_PAGE = 512;
/** Words of a slot, for all workers together and again for each worker. */
export const WORDS_A_SLOT = 4;
/** Words 0 and 1 count places, see `SharedPlaces`. Word 2 has no fixed meaning. */
export const FREE_WORD = 2;
/** Word 3 of a worker counts its objects that use the slot. */
export const USERS_WORD = 3;
/** Word 3 of all workers together is a random number that the slot was given with. */
export const SEED_WORD = 3;

const BLOCK_WORDS = SLOTS_A_PAGE * WORDS_A_SLOT;
const WORD_BYTES = Int32Array.BYTES_PER_ELEMENT;

/** The words of one slot. */
export interface SlotRow {
  /** Words that all workers change, with `Atomics` alone. */
  readonly totals: Int32Array;
  /** For each worker, words that it alone changes and others may read. */
  readonly own: readonly Int32Array[];
  /** Where the words of the slot begin, in `totals` as in each of `own`. */
  readonly at: number;
}

/**
 * The shared words of all workers, in pages that never move and never shrink; more slots need more pages. The words that one worker alone
 * changes stand together, apart from those of others, so that no two workers write to the same cache line for them.
 */
export class SlotPages {
  readonly #workers: number;
  readonly #pages: { readonly buffer: SharedArrayBuffer; readonly blocks: readonly Int32Array[] }[] = [];

  /** @param workers how many workers there may be */
  constructor(workers: number) {
    this.#workers = workers;
  }

  /** The memory of all pages, for {@link follow} of other threads. */
  get buffers(): readonly SharedArrayBuffer[] {
    return this.#pages.map(({ buffer }) => buffer);
  }

  /** Slots that the pages have room for. */
  get size(): number {
    return this.#pages.length * SLOTS_A_PAGE;
  }

  /** Adds an empty page. */
  grow(): void {
    this.#add(new SharedArrayBuffer((1 + this.#workers) * BLOCK_WORDS * WORD_BYTES));
  }

  /** Adds the pages that another thread has and this one has not. */
  follow(buffers: readonly SharedArrayBuffer[]): void {
    for (const buffer of buffers.slice(this.#pages.length)) this.#add(buffer);
  }

  /** @throws RangeError when there is no such slot */
  row(slot: number): SlotRow {
    const [totals, ...own] = this.#pages[Math.floor(slot / SLOTS_A_PAGE)]?.blocks ?? [];
    if (totals === undefined) throw new RangeError(`there is no slot ${slot}`);
    return { totals, own, at: (slot % SLOTS_A_PAGE) * WORDS_A_SLOT };
  }

  #add(buffer: SharedArrayBuffer): void {
    const blocks = Array.from(
      { length: 1 + this.#workers },
      (_, block) => new Int32Array(buffer, block * BLOCK_WORDS * WORD_BYTES, BLOCK_WORDS),
    );
    this.#pages.push({ buffer, blocks });
  }
}
