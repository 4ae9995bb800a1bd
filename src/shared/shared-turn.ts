import { FREE_WORD, type SlotRow } from './slot-pages.ts';

/** One word that all workers change, such as whose turn is next. It begins at 0. */
export class SharedTurn {
  readonly #totals: Int32Array;
  readonly #at: number;

  constructor({ totals, at }: SlotRow) {
    this.#totals = totals;
    this.#at = at + FREE_WORD;
  }

  read(): number {
    return Atomics.load(this.#totals, this.#at);
  }

  /** False when another worker has changed it since it was read: nothing changes then. */
  advance(from: number, to: number): boolean {
    return Atomics.compareExchange(this.#totals, this.#at, from, to) === from;
  }
}
