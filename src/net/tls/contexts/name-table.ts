/** What belongs to a host name: an exact name comes before a wildcard. A wildcard stands for one label (RFC 9525, section 6.3). */
export class NameTable<T> {
  /** For names that the table does not have. */
  fallback: T | undefined = undefined;
  readonly #exact = new Map<string, T>();
  /** By what follows `*.`. */
  readonly #wildcards = new Map<string, T>();

  /** @param name In lower case; `*.example.com` for all names with one label more. */
  add(name: string, value: T): void {
    if (name.startsWith('*.')) this.#wildcards.set(name.slice(2), value);
    else this.#exact.set(name, value);
  }

  /** @param name In lower case, without a dot at its end. */
  find(name: string): T | undefined {
    const exact = this.#exact.get(name);
    if (exact !== undefined || this.#wildcards.size === 0) return exact;
    const dot = name.indexOf('.');
    return dot <= 0 ? undefined : this.#wildcards.get(name.slice(dot + 1));
  }
}
