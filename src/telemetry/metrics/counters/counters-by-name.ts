import type { AddableCounters } from '../readings/addable-counters.ts';
import type { CounterReader } from '../readings/counter-reader.ts';
import type { CounterWriter } from '../readings/counter-writer.ts';

/** Number of names that may be kept beyond the known ones, before unknown names are forgotten without a scrape. */
const SPARE_NAMES = 64;

/**
 * Counters by name. The number of names must stay bounded: they come from protocol plugins, and edits of the config replace them. At each
 * scrape the counters of names that no longer exist are forgotten. When nobody scrapes, that happens as soon as there are many of them.
 */
export class CountersByName<T extends AddableCounters> implements AddableCounters {
  readonly #names: () => Iterable<string>;
  readonly #make: (name: string) => T;
  readonly #forgot: (() => void) | undefined;
  readonly #byName = new Map<string, T>();
  #most = SPARE_NAMES;

  /**
   * @param names returns the names that exist now; it is called seldom
   * @param make makes the counters of a name
   * @param forgot called after names were forgotten: counters of these names that the caller still holds are not shown any more
   */
  constructor(names: () => Iterable<string>, make: (name: string) => T, forgot?: () => void) {
    this.#names = names;
    this.#make = make;
    this.#forgot = forgot;
  }

  /** The counters of that name; they are made when there are none yet. */
  of(name: string): T {
    const known = this.#byName.get(name);
    if (known !== undefined) return known;
    if (this.#byName.size >= this.#most) this.forgetOthers(new Set(this.#names()));
    const made = this.#make(name);
    this.#byName.set(name, made);
    return made;
  }

  get(name: string): T | undefined {
    return this.#byName.get(name);
  }

  all(): Iterable<T> {
    return this.#byName.values();
  }

  /** Forgets the counters of all names but these. */
  forgetOthers(names: ReadonlySet<string>): void {
    const before = this.#byName.size;
    for (const name of this.#byName.keys()) if (!names.has(name)) this.#byName.delete(name);
    this.#most = 2 * names.size + SPARE_NAMES;
    if (this.#byName.size < before) this.#forgot?.();
  }

  read(into: CounterWriter): void {
    into.number(this.#byName.size);
    for (const [name, counters] of this.#byName) {
      into.text(name);
      counters.read(into);
    }
  }

  add(from: CounterReader): void {
    for (let left = from.number(); left > 0; left--) this.of(from.text()).add(from);
  }
}
