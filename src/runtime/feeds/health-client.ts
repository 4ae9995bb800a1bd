import { formatAddress } from '../../config/values/address.ts';
import type { CheckedBackend, HealthFeed, WatchedHealth } from '../../health/health-feed.ts';
import type { HealthState } from './feed-messages.ts';
import type { WatchOutbox } from './watch-outbox.ts';

/** The health of a backend, as the supervisor told it last. */
class ToldHealth {
  /** A backend counts as healthy until the supervisor says otherwise. */
  healthy = true;
  changedAtMs = Date.now();
  lastCheckAtMs: number | undefined;
  lastError: string | undefined;
  readonly id: number;
  /** Called when {@link healthy} has changed. */
  readonly watches = new Set<{ readonly changed: () => void }>();

  constructor(id: number) {
    this.id = id;
  }
}

/** How healthy backends are, in a worker: the supervisor checks them, once for all workers. */
export class HealthClient implements HealthFeed {
  readonly #outbox: WatchOutbox;
  readonly #byKey = new Map<string, ToldHealth>();
  readonly #byId = new Map<number, ToldHealth>();

  constructor(outbox: WatchOutbox) {
    this.#outbox = outbox;
  }

  watch(backend: CheckedBackend, changed: () => void): WatchedHealth {
    const key = `${backend.name} ${formatAddress(backend.target)} ${backend.check.key}`;
    let health = this.#byKey.get(key);
    if (health === undefined) {
      health = new ToldHealth(this.#outbox.watchHealth(backend));
      this.#byKey.set(key, health);
      this.#byId.set(health.id, health);
    }
    const { id, watches } = health;
    const watch = { changed };
    watches.add(watch);
    return {
      health,
      release: () => {
        if (!watches.delete(watch) || watches.size > 0) return;
        this.#byKey.delete(key);
        this.#byId.delete(id);
        this.#outbox.end(id);
      },
    };
  }

  /** The supervisor told the state of a watch. It may have ended meanwhile. */
  take(id: number, { healthy, changedAtMs, lastCheckAtMs, lastError }: HealthState): void {
    const health = this.#byId.get(id);
    if (health === undefined) return;
    const isChanged = health.healthy !== healthy;
    health.healthy = healthy;
    health.changedAtMs = changedAtMs ?? health.changedAtMs;
    health.lastCheckAtMs = lastCheckAtMs;
    health.lastError = lastError;
    if (isChanged) for (const { changed } of [...health.watches]) changed();
  }
}
