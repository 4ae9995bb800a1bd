/** A part and how many hold it. */
interface Entry<T> {
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

  /** The part of that key, made if nobody holds it, and how to let go of it. */
  hold(key: string, make: () => T): { part: T; release: () => void } {
    let entry = this.#entries.get(key);
    if (entry === undefined) {
      entry = { part: make(), holders: 0 };
      this.#entries.set(key, entry);
    }
    const held = entry;
    held.holders += 1;
    let released = false;
    return {
      part: held.part,
      release: () => {
        if (released) return;
        released = true;
        held.holders -= 1;
        if (held.holders > 0) return;
        this.#entries.delete(key);
        this.#close(held.part);
      },
    };
  }
}
