/** Something that is held in somebody's name. */
export interface ScopedResource {
  /** Whoever held it is gone: it ends now. Must not throw. */
  reclaim(): void;
}

/** What is held in the name of a connection or of a protocol instance, and ends with it at the latest, whatever a plugin forgets. */
export class LifetimeScope {
  readonly #held = new Set<ScopedResource>();
  #isClosed = false;

  get size(): number {
    return this.#held.size;
  }

  /** True once what was held has been reclaimed: nothing may be held any more. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  add(holding: ScopedResource): void {
    this.#held.add(holding);
  }

  delete(holding: ScopedResource): void {
    this.#held.delete(holding);
  }

  /** Ends all that is still held; returns how much that was. */
  close(): number {
    this.#isClosed = true;
    const left = [...this.#held];
    this.#held.clear();
    for (const holding of left) holding.reclaim();
    return left.length;
  }
}
