import { FREE_WORD, type SlotRow } from './slot-pages.ts';

/** One word that all workers change, such as whose turn is next. It begins at 0. */
export class SharedTurn {
  readonly #totals: Int32Array;
  readonly #at: number;

  /** @param word one that counts no places. Default: the one that never does */
  constructor({ totals, at }: SlotRow, word = FREE_WORD) {
    this.#totals = totals;
    this.#at = at + word;
  }

  read(): number {
    return Atomics.load(this.#totals, this.#at);
  }

  /** False when another worker has changed it since it was read: nothing changes then. */
  advance(from: number, to: number): boolean {
    return Atomics.compareExchange(this.#totals, this.#at, from, to) === from;
  }
}
