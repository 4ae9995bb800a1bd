interface Event {
  readonly atMs: number;
  /** Events of the same time happen in the order in which they were planned. */
  readonly order: number;
  readonly happen: () => void;
}

/** Simulated time: what is planned happens in its order, and time passes only from one event to the next. */
export class EventQueue {
  /** A heap: the next event comes first. */
  readonly #heap: Event[] = [];
  #nowMs = 0;
  #order = 0;

  get nowMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, happen: () => void): void {
    const event = { atMs: this.#nowMs + delayMs, order: this.#order++, happen };
    let place = this.#heap.length;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      const above = this.#heap[parent];
      if (above === undefined || isBefore(above, event)) break;
      this.#heap[place] = above;
      place = parent;
    }
    this.#heap[place] = event;
  }

  /** Lets all happen that is planned before that time. */
  runUntil(endMs: number): void {
    for (let next = this.#heap[0]; next !== undefined && next.atMs < endMs; next = this.#heap[0]) {
      this.#takeFirst();
      this.#nowMs = next.atMs;
      next.happen();
    }
    this.#nowMs = endMs;
  }

  #takeFirst(): void {
    const last = this.#heap.pop();
    if (last === undefined || this.#heap.length === 0) return;
    let place = 0;
    for (;;) {
      let child = 2 * place + 1;
      let below = this.#heap[child];
      const other = this.#heap[child + 1];
      if (below !== undefined && other !== undefined && isBefore(other, below)) {
        child += 1;
        below = other;
      }
      if (below === undefined || isBefore(last, below)) break;
      this.#heap[place] = below;
      place = child;
    }
    this.#heap[place] = last;
  }
}

function isBefore(one: Event, other: Event): boolean {
  return one.atMs === other.atMs ? one.order < other.order : one.atMs < other.atMs;
}
