/** So much work is done at a stretch, in ms. */
const SLICE_MS = 5;

/** Cuts long work into slices, so that traffic goes on in between. */
export class Slices {
  #untilMs = performance.now() + SLICE_MS;

  /** True when it is time for a {@link pause}. */
  get areDue(): boolean {
    return performance.now() >= this.#untilMs;
  }

  /** Resolves when everything else that waits had its turn. */
  async pause(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    this.#untilMs = performance.now() + SLICE_MS;
  }

  /** What comes of work that is done in small steps, as many of them in a slice as fit. */
  async finish<T>(steps: Iterator<unknown, T>): Promise<T> {
    for (;;) {
      if (this.areDue) await this.pause();
      const step = steps.next();
      if (step.done === true) return step.value;
    }
  }

  /** All items of an iterable that takes its time for each. */
  async collect<T>(items: Iterable<T>): Promise<T[]> {
    const collected: T[] = [];
    await this.forEach(items, (item) => collected.push(item));
    return collected;
  }

  /** `work` for each item, as far as it fits into a slice at a time. */
  async forEach<T>(items: Iterable<T>, work: (item: T) => void): Promise<void> {
    for (const item of items) {
      if (this.areDue) await this.pause();
      work(item);
    }
  }
}
