import type { BackendConfig } from '../../config/schema/config.generated.ts';

/**
 * Where the backends of an upstream come from. Today that is the list in the config, which only an edit changes. A source that asks
 * other systems (DNS, a service registry) changes its backends without an edit, and so without a new generation.
 */
export interface BackendSource {
  /** The present backends. The array is replaced, never changed. */
  readonly current: readonly BackendConfig[];
  /** Calls `changed` after each change of {@link current}. The returned function stops that. */
  follow(changed: () => void): () => void;
}

/** The backends that the config lists. */
export class ListedBackends implements BackendSource {
  readonly current: readonly BackendConfig[];

  constructor(backends: readonly BackendConfig[]) {
    this.current = backends;
  }

  follow(): () => void {
    return () => undefined;
  }
}
