/** What is in a list, with its neighbours there. */
export interface Linked<P> {
  before: P | undefined;
  after: P | undefined;
}

/** The places of those who wait for the same thing, in their order. Any of them leaves without a look at the others. */
export class WaiterList<P extends Linked<P>> {
  #first: P | undefined = undefined;
  #last: P | undefined = undefined;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  get first(): P | undefined {
    return this.#first;
  }

  /** Adds a place that came after all others. */
  push(place: P): void {
    place.before = this.#last;
    if (this.#last === undefined) this.#first = place;
    else this.#last.after = place;
    this.#last = place;
    this.#length += 1;
  }

  delete({ before, after }: P): void {
    if (before === undefined) this.#first = after;
    else before.after = after;
    if (after === undefined) this.#last = before;
    else after.before = before;
    this.#length -= 1;
  }
}
