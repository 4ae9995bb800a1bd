/** A value, and how many references there are to it. */
interface Entry<T> {
  readonly key: string;
  readonly value: T;
  references: number;
}

/**
 * Values that outlive generations: whoever asks for a key that somebody refers to gets the same value, and it is closed when the last
 * reference is released. So what an edit does not touch keeps its state.
 */
export class RefCountedMap<T> {
  readonly #entries = new Map<string, Entry<T>>();
  readonly #close: (value: T) => void;

  constructor(close: (value: T) => void) {
    this.#close = close;
  }

  values(): T[] {
    return [...this.#entries.values()].map(({ value }) => value);
  }

  /** A reference to the value of that key, which is made if there is none. */
  refer(key: string, make: () => T): Ref<T> {
    let entry = this.#entries.get(key);
    if (entry === undefined) {
      entry = { key, value: make(), references: 0 };
      this.#entries.set(key, entry);
    }
    entry.references += 1;
    return new Ref(entry, this.#released);
  }

  readonly #released = (entry: Entry<T>): void => {
    entry.references -= 1;
    if (entry.references > 0) return;
    this.#entries.delete(entry.key);
    this.#close(entry.value);
  };
}

/** Something that is given up by its holder. */
export interface Releasable {
  /** Gives it up. Calls after the first have no effect. */
  release(): void;
}

/** One reference to a value of a {@link RefCountedMap}. */
export class Ref<T> implements Releasable {
  readonly value: T;
  #entry: Entry<T> | undefined;
  readonly #released: (entry: Entry<T>) => void;

  constructor(entry: Entry<T>, released: (entry: Entry<T>) => void) {
    this.value = entry.value;
    this.#entry = entry;
    this.#released = released;
  }

  release(): void {
    const entry = this.#entry;
    if (entry === undefined) return;
    this.#entry = undefined;
    this.#released(entry);
  }
}
