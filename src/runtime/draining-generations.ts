import type { Generation } from './generation.ts';

/** Generations that were replaced and still run something. */
export class DrainingGenerations {
  readonly #generations = new Set<Generation>();
  readonly #replacedAtMs = new WeakMap<Generation, number>();

  get size(): number {
    return this.#generations.size;
  }

  /** Newest first. */
  all(): readonly Generation[] {
    return [...this.#generations].reverse();
  }

  /** When another generation took its place, ms since 1970. */
  replacedAtMs(generation: Generation): number {
    return this.#replacedAtMs.get(generation) ?? 0;
  }

  /** Nothing new begins on it; it leaves when the last of its exchanges and tunnels is over. */
  add(generation: Generation): void {
    this.#generations.add(generation);
    this.#replacedAtMs.set(generation, Date.now());
    void this.#drain(generation);
  }

  destroy(): void {
    for (const generation of this.#generations) generation.destroy();
  }

  async #drain(generation: Generation): Promise<void> {
    await generation.close();
    this.#generations.delete(generation);
  }
}
