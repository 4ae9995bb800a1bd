import type { CounterReadings } from '../../../readings/counts/counters.ts';

/** Number of counts for which there is room before the array grows. */
const FIRST_SIZE = 1_024;

/** Writes {@link CounterReadings}. */
export class CounterWriter {
  #numbers = new Float64Array(FIRST_SIZE);
  #size = 0;
  readonly #texts: string[] = [];
  readonly #bounds: (readonly number[])[] = [];

  number(value: number): void {
    if (this.#size === this.#numbers.length) this.#grow();
    this.#numbers[this.#size++] = value;
  }

  text(value: string): void {
    this.#texts.push(value);
  }

  bounds(bounds: readonly number[]): void {
    this.#bounds.push(bounds);
  }

  /** Counts by name. */
  counts(counts: ReadonlyMap<string, number>): void {
    this.number(counts.size);
    for (const [name, count] of counts) {
      this.text(name);
      this.number(count);
    }
  }

  end(): CounterReadings {
    return { numbers: this.#numbers.slice(0, this.#size), texts: this.#texts, bounds: this.#bounds };
  }

  #grow(): void {
    const numbers = new Float64Array(2 * this.#numbers.length);
    numbers.set(this.#numbers);
    this.#numbers = numbers;
  }
}
