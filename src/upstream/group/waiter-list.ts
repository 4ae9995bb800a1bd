import type { QueuePlace } from './wait-queue.ts';

/** A place in a list, with its neighbours. */
export interface ListedPlace<T> extends QueuePlace<T> {
  /** Places that came later have higher numbers. */
  readonly order: number;
  before: ListedPlace<T> | undefined;
  after: ListedPlace<T> | undefined;
}

/** The places of those who wait for the same thing, in their order. Any of them leaves without a look at the others. */
export class WaiterList<T> {
  #first: ListedPlace<T> | undefined = undefined;
  #last: ListedPlace<T> | undefined = undefined;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  get first(): ListedPlace<T> | undefined {
    return this.#first;
  }

  /** Adds a place that came after all others. */
  push(place: ListedPlace<T>): void {
    place.before = this.#last;
    if (this.#last === undefined) this.#first = place;
    else this.#last.after = place;
    this.#last = place;
    this.#length += 1;
  }

  delete({ before, after }: ListedPlace<T>): void {
    if (before === undefined) this.#first = after;
    else before.after = after;
    if (after === undefined) this.#last = before;
    else after.before = before;
    this.#length -= 1;
  }
}
