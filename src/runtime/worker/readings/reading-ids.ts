/** Numbers the objects of the runtime, so that readings can name one without holding it. A number is never used again. */
export class ReadingIds {
  readonly #ids = new WeakMap<object, number>();
  #last: number;

  /** @param last the first number is the one above it */
  constructor(last = 0) {
    this.#last = last;
  }

  of(thing: object): number {
    const known = this.#ids.get(thing);
    if (known !== undefined) return known;
    this.#last += 1;
    this.#ids.set(thing, this.#last);
    return this.#last;
  }
}
