/** So many names may be there beyond those that are shown, before the others are dropped without a scrape. */
const SPARE_NAMES = 64;

/**
 * Counters by name. Names come from protocols, which may be somebody else's, and edits replace them: names that nothing in the
 * proxy has any more are forgotten when there are many, also while nobody scrapes.
 */
export class NamedThings<T> {
  readonly #names: () => Iterable<string>;
  readonly #make: (name: string) => T;
  readonly #forgot: (() => void) | undefined;
  readonly #byName = new Map<string, T>();
  #most = SPARE_NAMES;

  /**
   * @param names gives those that there are; it is asked seldom
   * @param forgot called after names were forgotten: things that somebody still holds are shown no more
   */
  constructor(names: () => Iterable<string>, make: (name: string) => T, forgot?: () => void) {
    this.#names = names;
    this.#make = make;
    this.#forgot = forgot;
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
    const before = this.#byName.size;
    for (const name of this.#byName.keys()) if (!names.has(name)) this.#byName.delete(name);
    this.#most = 2 * names.size + SPARE_NAMES;
    if (this.#byName.size < before) this.#forgot?.();
  }
}
