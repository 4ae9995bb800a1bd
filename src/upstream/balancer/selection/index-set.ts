/** A set of indexes from 0 on that finds the next one in a few steps, however many there may be: bits, and bits for words that have any. */
export class IndexSet {
  /** The first level has a bit for each index, each further one a bit for each word of the level before that is not 0. The last one has one word. */
  readonly #levels: readonly Uint32Array[];

  /** @param capacity how many indexes there may be */
  constructor(capacity: number) {
    const levels: Uint32Array[] = [];
    let words = capacity;
    do {
      words = Math.max(1, Math.ceil(words / 32));
      levels.push(new Uint32Array(words));
    } while (words > 1);
    this.#levels = levels;
  }

  has(at: number): boolean {
    return (((this.#levels[0]?.[at >>> 5] ?? 0) >>> (at & 31)) & 1) === 1;
  }

  add(at: number): void {
    let bit = at;
    for (const words of this.#levels) {
      const word = words[bit >>> 5] ?? 0;
      words[bit >>> 5] = word | (1 << (bit & 31));
      if (word !== 0) return;
      bit >>>= 5;
    }
  }

  delete(at: number): void {
    let bit = at;
    for (const words of this.#levels) {
      const word = (words[bit >>> 5] ?? 0) & ~(1 << (bit & 31));
      words[bit >>> 5] = word;
      if (word !== 0) return;
      bit >>>= 5;
    }
  }

  /** The first index from `at` on, or, behind the last one, the first of all; -1 when the set is empty. */
  next(at: number): number {
    const found = this.#from(at);
    return found < 0 && at > 0 ? this.#from(0) : found;
  }

  #from(at: number): number {
    let bit = at;
    for (let level = 0; ; level++) {
      const words = this.#levels[level];
      if (words === undefined) return -1;
      const word = bit >>> 5;
      const rest = (words[word] ?? 0) & (-1 << (bit & 31));
      if (rest !== 0) return this.#below(level, (word << 5) + lowestBit(rest));
      bit = word + 1;
    }
  }

  /** The first index below a bit of that level. */
  #below(level: number, bit: number): number {
    let at = bit;
    for (let below = level - 1; below >= 0; below--)
      at = (at << 5) + lowestBit(this.#levels[below]?.[at] ?? 0);
    return at;
  }
}

function lowestBit(bits: number): number {
  return 31 - Math.clz32(bits & -bits);
}
