import type { CounterReadings } from '../../../readings/counts/counters.ts';

/** Reads {@link CounterReadings}. Its methods throw a RangeError at the end: the readings are of other counters. */
export class CounterReader {
  readonly #readings: CounterReadings;
  #number = 0;
  #text = 0;
  #bound = 0;

  constructor(readings: CounterReadings) {
    this.#readings = readings;
  }

  number(): number {
    return present(this.#readings.numbers[this.#number++]);
  }

  text(): string {
    return present(this.#readings.texts[this.#text++]);
  }

  bounds(): readonly number[] {
    return present(this.#readings.bounds[this.#bound++]);
  }

  /** Adds what {@link CounterWriter.counts} wrote to these counts. `nameOf` may put names together. */
  addCounts(counts: Map<string, number>, nameOf: (name: string) => string = (name) => name): void {
    for (let left = this.number(); left > 0; left--) {
      const name = nameOf(this.text());
      counts.set(name, (counts.get(name) ?? 0) + this.number());
    }
  }
}

function present<T>(value: T | undefined): T {
  if (value === undefined) throw new RangeError('These readings end before all counters are read');
  return value;
}
