import type { BackendConfig } from '../../../src/config/schema/config.generated.ts';
import type { BackendSource } from '../../../src/upstream/backend/backend-source.ts';

/** A source of backends that a test changes. */
export class MovingBackends implements BackendSource {
  current: readonly BackendConfig[];
  readonly #followers = new Set<() => void>();

  constructor(backends: readonly BackendConfig[]) {
    this.current = backends;
  }

  /** How many follow it. */
  get followers(): number {
    return this.#followers.size;
  }

  follow(changed: () => void): () => void {
    this.#followers.add(changed);
    return () => {
      this.#followers.delete(changed);
    };
  }

  change(backends: readonly BackendConfig[]): void {
    this.current = backends;
    for (const changed of this.#followers) changed();
  }
}
