import type { Generation } from './generation.ts';

/** Generations that were replaced and still run something. */
export class DrainingGenerations {
  readonly #generations = new Set<Generation>();

  get size(): number {
    return this.#generations.size;
  }

  /** Nothing new begins on it; it leaves when the last of its exchanges and tunnels is over. */
  add(generation: Generation): void {
    this.#generations.add(generation);
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
