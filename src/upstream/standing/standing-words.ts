import type { SharedNumber } from '../balancer/contract/shared-turns.ts';

/** A clock in whole ms that fits a word. Where workers share words, it is the same for all of them. */
export interface WordClock {
  now(): number;
}

/** A number of this process alone, where one worker serves all. */
export class OwnNumber implements SharedNumber {
  #value = 0;

  read(): number {
    return this.#value;
  }

  advance(from: number, to: number): boolean {
    if (this.#value !== from) return false;
    this.#value = to;
    return true;
  }
}

/** Adds one. Returns the sum. */
export function increment(number: SharedNumber): number {
  for (;;) {
    const before = number.read();
    if (number.advance(before, before + 1)) return before + 1;
  }
}

/** Sets it to 0. To read it first keeps the memory of a number that is 0 already in the caches of all workers. */
export function clear(number: SharedNumber): void {
  for (;;) {
    const before = number.read();
    if (before === 0 || number.advance(before, 0)) return;
  }
}

/** How workers tell each other to look at words again. */
export interface WordWakes {
  /** Tells all other workers to look. */
  tellOthers(): void;
  /** Calls `look` when another worker told so. The returned function stops that. */
  follow(look: () => void): () => void;
}

/** There is no other worker. */
export const NO_WAKES: WordWakes = { tellOthers: () => undefined, follow: () => () => undefined };
