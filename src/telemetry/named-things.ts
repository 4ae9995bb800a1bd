/** So many names may be there beyond those that are shown, before the others are dropped without a scrape. */
const SPARE_NAMES = 64;

/**
 * Counters by name. Names come from protocols, which may be somebody else's, and edits replace them: names that nothing in the
 * proxy has any more are forgotten when there are many, also while nobody scrapes.
 */
export class NamedThings<T> {
  readonly #names: () => Iterable<string>;
  readonly #make: (name: string) => T;
  readonly #byName = new Map<string, T>();
  #most = SPARE_NAMES;

  /** `names` are those that there are; it is asked seldom. */
  constructor(names: () => Iterable<string>, make: (name: string) => T) {
    this.#names = names;
    this.#make = make;
  }

  /** The thing of that name, made where there is none yet. */
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

  forgetOthers(names: ReadonlySet<string>): void {
    for (const name of this.#byName.keys()) if (!names.has(name)) this.#byName.delete(name);
    this.#most = 2 * names.size + SPARE_NAMES;
  }
}
