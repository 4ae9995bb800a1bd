import { isEqual } from '../../config/values/is-equal.ts';
import { ChangeListeners } from './change-listeners.ts';
import type { HandEntry, HandState } from './hand-state.ts';

/** The states that operators have set, by upstream and name of the backend. They outlive edits. */
export class HandStates {
  readonly #entries = new Map<string, HandEntry>();
  readonly #changes = new Map<string, ChangeListeners>();
  /** After any change. */
  readonly changes = new ChangeListeners();

  /** @param entries what they are set to at first. Default: nothing is set */
  constructor(entries: readonly HandEntry[] = []) {
    for (const entry of entries) this.#entries.set(keyOf(entry.upstream, entry.backend), entry);
  }

  /** All of them, as plain data. */
  get entries(): readonly HandEntry[] {
    return [...this.#entries.values()];
  }

  of(upstream: string, backend: string): HandState | undefined {
    return this.#entries.get(keyOf(upstream, backend))?.state;
  }

  /** @param state undefined: its checks decide again */
  set(upstream: string, backend: string, state: HandState | undefined): void {
    const key = keyOf(upstream, backend);
    if (isEqual(this.#entries.get(key)?.state, state)) return;
    if (state === undefined) this.#entries.delete(key);
    else this.#entries.set(key, { upstream, backend, state });
    this.#changes.get(key)?.tell();
    this.changes.tell();
  }

  /** Makes these the states. */
  replaceAll(entries: readonly HandEntry[]): void {
    const keys = new Set(entries.map(({ upstream, backend }) => keyOf(upstream, backend)));
    for (const [key, { upstream, backend }] of [...this.#entries])
      if (!keys.has(key)) this.set(upstream, backend, undefined);
    for (const { upstream, backend, state } of entries) this.set(upstream, backend, state);
  }

  /** Calls `changed` after each change of that backend. The returned function stops that. */
  follow(upstream: string, backend: string, changed: () => void): () => void {
    const key = keyOf(upstream, backend);
    const listeners = this.#changes.get(key) ?? new ChangeListeners();
    this.#changes.set(key, listeners);
    const stop = listeners.follow(changed);
    return () => {
      stop();
      if (listeners.isEmpty && this.#changes.get(key) === listeners) this.#changes.delete(key);
    };
  }
}

function keyOf(upstream: string, backend: string): string {
  return JSON.stringify([upstream, backend]);
}
