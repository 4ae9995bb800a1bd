import type { ReloadOutcome } from '../runtime/reload/outcome/reload-outcome.ts';
import type { HealthChange } from '../runtime/upstreams/registry.ts';

/** Someone who hears what becomes of a proxy. Called in the middle of the work, so it must neither wait nor throw. */
export interface AppObserver {
  /** A reload ended, whoever asked for it. `error` is why nothing changed. */
  reloaded(outcome: ReloadOutcome, error: unknown): void;
  /** A health check changed its mind about a backend. */
  healthChanged(change: HealthChange): void;
}
