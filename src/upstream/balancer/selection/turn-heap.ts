const OUT = -1;

/**
 * A heap of indexes: the one with the least load comes first, among equal loads the one with the earliest deadline, among equal deadlines
 * the first one. Each index knows its place, so that it can move or leave at any time. Load and deadline of one that left stay known.
 */
export class TurnHeap {
  readonly #loads: Float64Array;
  readonly #deadlines: Float64Array;
  /** By place in the heap: the index there. */
  readonly #order: Int32Array;
  /** By index: its place in the heap, or {@link OUT}. */
  readonly #places: Int32Array;
  #size = 0;

  /** @param capacity how many indexes there may be; none is in yet */
  constructor(capacity: number) {
    this.#loads = new Float64Array(capacity);
    this.#deadlines = new Float64Array(capacity);
    this.#order = new Int32Array(capacity);
    this.#places = new Int32Array(capacity).fill(OUT);
  }

  has(at: number): boolean {
    return (this.#places[at] ?? OUT) !== OUT;
  }

  loadOf(at: number): number {
    return this.#loads[at] ?? 0;
  }

  deadlineOf(at: number): number {
    return this.#deadlines[at] ?? 0;
  }

  /** The index that comes first; -1 when there is none. */
  get first(): number {
    return this.#size === 0 ? -1 : (this.#order[0] ?? -1);
  }

  /** The first index that `accepts` takes; -1 when there is none. Looks at no more than the refused ones and their neighbours. */
  firstOf(accepts: (at: number) => boolean): number {
    const reached = this.#size === 0 ? [] : [0];
    while (reached.length > 0) {
      let best = 0;
      for (let other = 1; other < reached.length; other++)
        if (this.#isBefore(this.#at(reached[other] ?? 0), this.#at(reached[best] ?? 0))) best = other;
      const place = reached[best] ?? 0;
      if (accepts(this.#at(place))) return this.#at(place);
      reached.splice(best, 1);
      for (const child of [2 * place + 1, 2 * place + 2]) if (child < this.#size) reached.push(child);
    }
    return -1;
  }

  /** Sets load and deadline of an index, which is in the heap from then on. */
  put(at: number, load: number, deadline: number): void {
    this.#loads[at] = load;
    this.#deadlines[at] = deadline;
    let place = this.#places[at] ?? OUT;
    if (place === OUT) {
      place = this.#size;
      this.#size += 1;
    }
    this.#settle(at, place);
  }

  /** Sets load and deadline of an index that may be out, and leaves it where it is. */
  note(at: number, load: number, deadline: number): void {
    if (this.has(at)) this.put(at, load, deadline);
    else {
      this.#loads[at] = load;
      this.#deadlines[at] = deadline;
    }
  }

  delete(at: number): void {
    const place = this.#places[at] ?? OUT;
    if (place === OUT) return;
    this.#places[at] = OUT;
    this.#size -= 1;
    if (place < this.#size) this.#settle(this.#at(this.#size), place);
  }

  #at(place: number): number {
    return this.#order[place] ?? 0;
  }

  #isBefore(one: number, other: number): boolean {
    const byLoad = this.loadOf(one) - this.loadOf(other);
    if (byLoad !== 0) return byLoad < 0;
    const byDeadline = this.deadlineOf(one) - this.deadlineOf(other);
    return byDeadline === 0 ? one < other : byDeadline < 0;
  }

  /** Puts an index to `place`, which is free or its own, and moves it up or down to where it belongs. */
  #settle(at: number, place: number): void {
    let free = place;
    while (free > 0) {
      const parent = (free - 1) >> 1;
      if (!this.#isBefore(at, this.#at(parent))) break;
      this.#seat(this.#at(parent), free);
      free = parent;
    }
    if (free === place) free = this.#sunk(at, free);
    this.#seat(at, free);
  }

  /** The place to which an index sinks from a free one, after what is before it has moved up. */
  #sunk(at: number, place: number): number {
    let free = place;
    for (;;) {
      let child = 2 * free + 1;
      if (child >= this.#size) return free;
      if (child + 1 < this.#size && this.#isBefore(this.#at(child + 1), this.#at(child))) child += 1;
      if (this.#isBefore(at, this.#at(child))) return free;
      this.#seat(this.#at(child), free);
      free = child;
    }
  }

  #seat(at: number, place: number): void {
    this.#order[place] = at;
    this.#places[at] = place;
  }
}
