/**
 * Gives memory to tables that workers share and that a slot is too small for. The same key keeps its memory over edits. It stands in the
 * thread that supervises the workers.
 */
export class SharedTables {
  #tables: ReadonlyMap<string, SharedArrayBuffer> = new Map();

  /**
   * The tables of a generation, before any worker prepares it.
   *
   * @param wanted by key: makes the memory of a table that there is none for
   * @param live keys of the tables of the live generation: they stay, as the edit may be taken back
   */
  grant(
    wanted: ReadonlyMap<string, () => SharedArrayBuffer>,
    live: ReadonlySet<string>,
  ): ReadonlyMap<string, SharedArrayBuffer> {
    const granted = new Map(Array.from(wanted, ([key, make]) => [key, this.#tables.get(key) ?? make()]));
    const staying = [...this.#tables].filter(([key]) => live.has(key));
    this.#tables = new Map([...staying, ...granted]);
    return granted;
  }
}
