/** Something that is held in the name of a connection or of a protocol instance. */
export interface ScopedResource {
  /** Its holder is gone: it ends now. Must not throw. */
  destroy(): void;
}

/** Everything that is held in the name of a connection or of a protocol instance. It ends with its holder at the latest, whatever a plugin forgets. */
export class LifetimeScope {
  readonly #held = new Set<ScopedResource>();
  #isClosed = false;

  /** True when the scope was closed: nothing may be held any more. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  add(resource: ScopedResource): void {
    this.#held.add(resource);
  }

  delete(resource: ScopedResource): void {
    this.#held.delete(resource);
  }

  /** Ends all that is still held; returns how much that was. */
  close(): number {
    this.#isClosed = true;
    const left = [...this.#held];
    this.#held.clear();
    for (const resource of left) resource.destroy();
    return left.length;
  }
}
