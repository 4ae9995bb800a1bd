/** How long work goes on without a pause, in ms. */
const SLICE_MS = 5;

/** Cuts long work into slices of 5 ms, so that traffic goes on between them. */
export class TimeSlicer {
  #untilMs = performance.now() + SLICE_MS;

  /** True when the slice is used up and it is time for a {@link pause}. */
  get isDue(): boolean {
    return performance.now() >= this.#untilMs;
  }

  /** Gives way to everything else that waits for the event loop, then begins the next slice. */
  async pause(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    this.#untilMs = performance.now() + SLICE_MS;
  }

  /** Runs an iterator to its end, as many steps in a slice as fit. Resolves with what the iterator returns. */
  async finish<T>(steps: Iterator<unknown, T>): Promise<T> {
    for (;;) {
      if (this.isDue) await this.pause();
      const step = steps.next();
      if (step.done === true) return step.value;
    }
  }

  /** All items of an iterable that takes some time for each of them. */
  async collect<T>(items: Iterable<T>): Promise<T[]> {
    const collected: T[] = [];
    await this.forEach(items, (item) => collected.push(item));
    return collected;
  }

  /** Calls `work` with each item, as many in a slice as fit. */
  async forEach<T>(items: Iterable<T>, work: (item: T) => void): Promise<void> {
    for (const item of items) {
      if (this.isDue) await this.pause();
      work(item);
    }
  }
}
