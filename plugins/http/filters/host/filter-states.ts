/** A state, and how many filters hold it. */
interface HeldState {
  readonly value: unknown;
  holders: number;
}

/** States of filters that outlive edits: a state is kept while a filter holds it. */
export class FilterStates {
  readonly #states = new Map<string, HeldState>();

  /** Returns the state of that key. Makes it if no filter holds it. */
  hold(key: string, make: () => unknown): unknown {
    let state = this.#states.get(key);
    if (state === undefined) {
      state = { value: make(), holders: 0 };
      this.#states.set(key, state);
    }
    state.holders += 1;
    return state.value;
  }

  release(key: string): void {
    const state = this.#states.get(key);
    if (state === undefined) return;
    state.holders -= 1;
    if (state.holders === 0) this.#states.delete(key);
  }
}
