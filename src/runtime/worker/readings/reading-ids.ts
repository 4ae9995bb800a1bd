/** Numbers the objects of the runtime, so that readings can name one without holding it. A number is never used again. */
export class ReadingIds {
  readonly #ids = new WeakMap<object, number>();
  #last = 0;

  of(thing: object): number {
    const known = this.#ids.get(thing);
    if (known !== undefined) return known;
    this.#last += 1;
    this.#ids.set(thing, this.#last);
    return this.#last;
  }
}
