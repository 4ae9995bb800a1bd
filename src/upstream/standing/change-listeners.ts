/** All who want to hear of the changes of one thing. */
export class ChangeListeners {
  /** Replaced, never changed: a listener may leave or join while the others are called. */
  #listeners: readonly (() => void)[] = [];

  /** Calls `changed` after each change. The returned function stops that. */
  follow(changed: () => void): () => void {
    // The same function may follow twice.
    const own = (): void => {
      changed();
    };
    this.#listeners = [...this.#listeners, own];
    return () => {
      this.#listeners = this.#listeners.filter((other) => other !== own);
    };
  }

  get isEmpty(): boolean {
    return this.#listeners.length === 0;
  }

  tell(): void {
    for (const listener of this.#listeners) listener();
  }
}
