/** Most backends that are remembered, because a service discovery could bring new names without end. */
const MOST_REMEMBERED = 1_000;

/**
 * Backends whose responses depart from the grammar of HTTP. The responses are served, but each costs a new connection. The operator is told
 * once about each backend.
 */
export class IrregularBackends {
  readonly #known = new Set<string>();

  /** Notes a backend. True when the operator has to be told about it. */
  isFirst(backendName: string): boolean {
    if (this.#known.has(backendName) || this.#known.size >= MOST_REMEMBERED) return false;
    this.#known.add(backendName);
    return true;
  }
}
