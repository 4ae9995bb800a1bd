/** A value, and how many references there are to it. */
interface Entry<T> {
  readonly key: string;
  readonly value: T;
  references: number;
}

/**
 * Values that outlive generations. While there is a reference to a key's value, each further reference to that key gets the same value.
 * The value is closed when its last reference is released. So parts that an edit does not change keep their state.
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

  /** Returns a reference to the value of that key. Makes the value if there is none. */
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

/** A reference that its owner releases. */
export interface Releasable {
  /** Releases the reference. Calls after the first have no effect. */
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
