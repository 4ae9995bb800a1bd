import type { Amounts, Counted } from '../../../readings/counts/counted.ts';

/** The sum of all readings of one name. */
export interface NamedSum<Counts extends Amounts<Counts>, Gauges extends Amounts<Gauges>> {
  readonly counts: Counts;
  readonly gauges: Gauges;
}

type Sums = Record<string, number>;

/** The counts of one thing (a backend, a listener) under its present name. */
interface Share<Counts> {
  readonly name: string;
  readonly counts: Counts;
  /** The counts under its earlier names; undefined when it had none. */
  readonly before: Sums | undefined;
}

/**
 * Adds up readings of the same name, of one process or of several workers. Prometheus must never see a count fall, so the counts of a name
 * never fall while there is a reading of it: when one of several things leaves, its counts stay in the sum. For example, a backend that
 * moves to another address goes on from where it was. A thing that gets another name counts from zero under that name: what happened under
 * the old name did not happen under the new one.
 */
export class NamedSums<Counts extends Amounts<Counts>, Gauges extends Amounts<Gauges>> {
  /** The last readings, by id. */
  #seen = new Map<number, Share<Counts>>();
  /** Counts of things that left, by the name that they had. */
  readonly #left = new Map<string, Sums>();

  /** Takes the present readings and returns their sums by name. */
  update(readings: Iterable<Counted<Counts, Gauges>>): Map<string, NamedSum<Counts, Gauges>> {
    const seen = new Map<number, Share<Counts>>();
    const names = new Map<string, { counts: Sums; gauges: Sums }>();
    for (const { id, name, counts, gauges } of readings) {
      const last = this.#seen.get(id);
      const before = last === undefined || last.name === name ? last?.before : { ...last.counts };
      seen.set(id, { name, counts, before });
      const sum = names.get(name) ?? { counts: {}, gauges: {} };
      add(sum.counts, counts, before);
      add(sum.gauges, gauges);
      names.set(name, sum);
    }
    for (const [id, share] of this.#seen) {
      if (seen.get(id)?.name !== share.name) this.#keep(share);
    }
    for (const [name, counts] of this.#left) {
      const sum = names.get(name);
      if (sum === undefined) this.#left.delete(name);
      else add(sum.counts, counts);
    }
    this.#seen = seen;
    // Each sum has all fields of the readings that were added up.
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
