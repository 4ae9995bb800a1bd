/** A part and how many hold it. */
interface Entry<T> {
  readonly key: string;
  readonly part: T;
  holders: number;
}

/**
 * Parts that outlive generations: whoever asks for a key that is held gets the same part, and the last one to let go
 * closes it. So what an edit does not touch keeps its state.
 */
export class SharedParts<T> {
  readonly #entries = new Map<string, Entry<T>>();
  readonly #close: (part: T) => void;

  constructor(close: (part: T) => void) {
    this.#close = close;
  }

  get size(): number {
    return this.#entries.size;
  }

  parts(): T[] {
    return [...this.#entries.values()].map(({ part }) => part);
  }

  /** The part of that key, made if nobody holds it. */
  hold(key: string, make: () => T): Held<T> {
    let entry = this.#entries.get(key);
    if (entry === undefined) {
      entry = { key, part: make(), holders: 0 };
      this.#entries.set(key, entry);
    }
    entry.holders += 1;
    return new Held(entry, this.#letGo);
  }

  readonly #letGo = (entry: Entry<T>): void => {
    entry.holders -= 1;
    if (entry.holders > 0) return;
    this.#entries.delete(entry.key);
    this.#close(entry.part);
  };
}

/** One holder's hold on a shared part. */
export class Held<T> {
  readonly part: T;
  #entry: Entry<T> | undefined;
  readonly #letGo: (entry: Entry<T>) => void;

  constructor(entry: Entry<T>, letGo: (entry: Entry<T>) => void) {
    this.part = entry.part;
    this.#entry = entry;
    this.#letGo = letGo;
  }

  /** Lets go of the part; once. */
  release(): void {
    const entry = this.#entry;
    if (entry === undefined) return;
    this.#entry = undefined;
    this.#letGo(entry);
  }
}
