import { DurationHistogram } from '../exposition/duration-histogram.ts';
import type { AddableCounters } from '../readings/addable-counters.ts';
import type { CounterReader } from '../readings/counter-reader.ts';
import type { CounterWriter } from '../readings/counter-writer.ts';
import { CountersByName } from './counters-by-name.ts';

/** Counts the outcomes and durations of one thing, such as the health checks of one backend of an upstream. */
export class DurationCounters<Outcome extends string> implements AddableCounters {
  durations: DurationHistogram;
  readonly #outcomes = new Map<string, number>();

  constructor(bounds: readonly number[]) {
    this.durations = new DurationHistogram(bounds);
  }

  /** @param durationMs absent when there was no wait whose duration could be measured */
  count(outcome: Outcome, durationMs?: number): void {
    this.#outcomes.set(outcome, this.of(outcome) + 1);
    if (durationMs !== undefined) this.durations.observe(durationMs / 1000);
  }

  of(outcome: Outcome): number {
    return this.#outcomes.get(outcome) ?? 0;
  }

  read(into: CounterWriter): void {
    into.counts(this.#outcomes);
    this.durations.read(into);
  }

  add(from: CounterReader): void {
    from.addCounts(this.#outcomes);
    this.durations.add(from);
  }
}

/** {@link DurationCounters} by name, for events that are rare enough for a look-up by name. */
export class NamedDurationCounters<Outcome extends string> implements AddableCounters {
  #bounds: readonly number[];
  readonly #byName: CountersByName<DurationCounters<Outcome>>;

  /**
   * @param names returns the names that exist now
   * @param bounds upper bounds of the buckets, as in DurationHistogram
   */
  constructor(names: () => Iterable<string>, bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#byName = new CountersByName(names, () => new DurationCounters(this.#bounds));
  }

  count(name: string, outcome: Outcome, durationMs?: number): void {
    this.#byName.of(name).count(outcome, durationMs);
  }

  /** Changes the buckets and keeps what was counted, as DurationHistogram.withBounds does. */
  setBounds(bounds: readonly number[]): void {
    this.#bounds = bounds;
    for (const counters of this.#byName.all()) counters.durations = counters.durations.withBounds(bounds);
  }

  get(name: string): DurationCounters<Outcome> | undefined {
    return this.#byName.get(name);
  }

  forgetOthers(names: ReadonlySet<string>): void {
    this.#byName.forgetOthers(names);
  }

  read(into: CounterWriter): void {
    this.#byName.read(into);
  }

  add(from: CounterReader): void {
    this.#byName.add(from);
  }
}
