import type { Amounts, Reading } from './metrics-source.ts';

/** The sum of all readings of one name. */
export interface NamedSum<Counts extends Amounts<Counts>, Gauges extends Amounts<Gauges>> {
  readonly counts: Counts;
  readonly gauges: Gauges;
}

type Sums = Record<string, number>;

/** What an owner counts under its present name. */
interface Share<Counts> {
  readonly name: string;
  readonly counts: Counts;
  /** What it had counted under other names before. Absent while it had none. */
  readonly before: Sums | undefined;
}

/**
 * Adds up readings of the same name. A name's counts never fall while there is a reading of it: what one that left had
 * counted stays in the sum, so that a backend that moves to another address goes on where it was. An owner that takes
 * another name counts under that one from zero: what happened under the old name did not happen under the new one.
 */
export class NamedSums<Counts extends Amounts<Counts>, Gauges extends Amounts<Gauges>> {
  /** What was read last, by owner. */
  #seen = new Map<object, Share<Counts>>();
  /** Counts of owners that left, by the name that they had. */
  readonly #left = new Map<string, Sums>();

  /** The sums by name, of what is there now. */
  update(readings: Iterable<Reading<Counts, Gauges>>): Map<string, NamedSum<Counts, Gauges>> {
    const seen = new Map<object, Share<Counts>>();
    const names = new Map<string, { counts: Sums; gauges: Sums }>();
    for (const { owner, name, counts, gauges } of readings) {
      const last = this.#seen.get(owner);
      const before = last === undefined || last.name === name ? last?.before : { ...last.counts };
      seen.set(owner, { name, counts, before });
      const sum = names.get(name) ?? { counts: {}, gauges: {} };
      add(sum.counts, counts, before);
      add(sum.gauges, gauges);
      names.set(name, sum);
    }
    for (const [owner, share] of this.#seen) {
      if (seen.get(owner)?.name !== share.name) this.#keep(share);
    }
    for (const [name, counts] of this.#left) {
      const sum = names.get(name);
      if (sum === undefined) this.#left.delete(name);
      else add(sum.counts, counts);
    }
    this.#seen = seen;
    // Each has all the amounts of the readings that it was added up from.
    return names as unknown as Map<string, NamedSum<Counts, Gauges>>;
  }

  #keep({ name, counts, before }: Share<Counts>): void {
    const left = this.#left.get(name) ?? {};
    add(left, counts, before);
    this.#left.set(name, left);
  }
}

function add<T extends Amounts<T>>(sums: Sums, amounts: T, without: Sums = {}): void {
  for (const [name, amount] of Object.entries<number>(amounts))
    sums[name] = (sums[name] ?? 0) + amount - (without[name] ?? 0);
}
