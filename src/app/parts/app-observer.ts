import type { HealthChange } from '../../health/watch/health-feed.ts';
import type { ReloadOutcome } from '../../runtime/reload/outcome/reload-outcome.ts';

/** Hears what happens in a proxy. It is called in the middle of the work, so it must neither wait nor throw. */
export interface AppObserver {
  /** A reload ended, whatever asked for it. `error` is why nothing changed; undefined when it worked. */
  reloaded(outcome: ReloadOutcome, error: unknown): void;
  /** A health check found that a backend went down or came back. */
  healthChanged(change: HealthChange): void;
}
