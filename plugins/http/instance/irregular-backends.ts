/** The most backends that are remembered. The limit is needed because edits can bring new names without end. */
const MOST_REMEMBERED = 1_000;

/**
 * Backends whose responses break the grammar of HTTP. Such responses are passed on, but each costs a new connection. The log names each
 * backend once.
 */
export class IrregularBackends {
  readonly #known = new Set<string>();

  /** Notes a backend. True when the log has not named it yet. */
  isFirst(backendName: string): boolean {
    if (this.#known.has(backendName) || this.#known.size >= MOST_REMEMBERED) return false;
    this.#known.add(backendName);
    return true;
  }
}
