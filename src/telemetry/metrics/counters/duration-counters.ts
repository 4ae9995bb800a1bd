import { DurationHistogram } from './duration-histogram.ts';
import { NamedThings } from './named-things.ts';

/** How often things of one name took how long, by how they ended. */
export class DurationCounters<Outcome extends string> {
  durations: DurationHistogram;
  readonly #outcomes = new Map<Outcome, number>();

  constructor(bounds: readonly number[]) {
    this.durations = new DurationHistogram(bounds);
  }

  /** Without a duration nothing took any time. */
  count(outcome: Outcome, durationMs?: number): void {
    this.#outcomes.set(outcome, this.of(outcome) + 1);
    if (durationMs !== undefined) this.durations.observe(durationMs / 1000);
  }

  of(outcome: Outcome): number {
    return this.#outcomes.get(outcome) ?? 0;
  }
}

/** {@link DurationCounters} by name, for what happens seldom enough for a look-up. */
export class NamedDurationCounters<Outcome extends string> {
  #bounds: readonly number[];
  readonly #byName: NamedThings<DurationCounters<Outcome>>;

  /** `names` are those that there are, `bounds` as of DurationHistogram. */
  constructor(names: () => Iterable<string>, bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#byName = new NamedThings(names, () => new DurationCounters(this.#bounds));
  }

  count(name: string, outcome: Outcome, durationMs?: number): void {
    this.#byName.of(name).count(outcome, durationMs);
  }

  /** Other buckets; what was counted goes on. */
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
}
