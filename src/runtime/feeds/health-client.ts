import { formatAddress } from '../../config/values/address.ts';
import { isOther, NOTHING_SAID } from '../../health/agent/agent-monitor.ts';
import type { CheckedBackend, HealthFeed, WatchedHealth } from '../../health/watch/health-feed.ts';
import type { AgentSays, CheckProgress } from '../../readings/upstreams/health.ts';
import type { HealthState } from './feed-messages.ts';
import type { WatchOutbox } from './watch-outbox.ts';

/** The health of a backend, as the supervisor told it last. */
class ToldHealth {
  /** Until the supervisor says otherwise, what the config says. */
  healthy: boolean;
  changedAtMs: number | undefined = Date.now();
  lastCheckAtMs: number | undefined;
  lastError: string | undefined;
  progress: CheckProgress | undefined;
  agent: AgentSays | undefined;
  readonly id: number;
  /** Called when {@link healthy} or what the agent says has changed. */
  readonly watches = new Set<{ readonly changed: () => void }>();

  constructor(id: number, healthy: boolean) {
    this.id = id;
    this.healthy = healthy;
  }
}

/** How healthy backends are, in a worker: the supervisor checks them, once for all workers. */
export class HealthClient implements HealthFeed {
  readonly #outbox: WatchOutbox;
  readonly #byKey = new Map<string, ToldHealth>();
  readonly #byId = new Map<number, ToldHealth>();
  /** By upstream, backend and address. */
  readonly #byPlace = new Map<string, Set<ToldHealth>>();

  constructor(outbox: WatchOutbox) {
    this.#outbox = outbox;
  }

  watch(backend: CheckedBackend, changed: () => void): WatchedHealth {
    const { upstream, name, target, check } = backend;
    const { active, agentKey } = check;
    const place = [upstream, name, formatAddress(target)].join('\n');
    const key = [place, active?.key ?? '', agentKey].join('\n');
    let health = this.#byKey.get(key);
    if (health === undefined) {
      const begins = active?.section.initial_state ?? 'up';
      const isUp = begins === 'up' || begins === 'fully-up';
      const others = this.#byPlace.get(place) ?? new Set();
      // The supervisor begins other checks with the state that it knows, too.
      const known = [...others].find(({ lastCheckAtMs }) => lastCheckAtMs !== undefined);
      health = new ToldHealth(this.#outbox.watchHealth(backend), known?.healthy ?? isUp);
      this.#byKey.set(key, health);
      this.#byId.set(health.id, health);
      this.#byPlace.set(place, others.add(health));
    }
    const told = health;
    const { id, watches } = health;
    const watch = { changed };
    watches.add(watch);
    return {
      health,
      noteTraffic: () => this.#outbox.noteTraffic(id),
      release: () => {
        if (!watches.delete(watch) || watches.size > 0) return;
        this.#byKey.delete(key);
        this.#byId.delete(id);
        const here = this.#byPlace.get(place);
        here?.delete(told);
        if (here?.size === 0) this.#byPlace.delete(place);
        this.#outbox.end(id);
      },
    };
  }

  /** The supervisor told the state of a watch. It may have ended meanwhile. */
  take(id: number, state: HealthState): void {
    const health = this.#byId.get(id);
    if (health === undefined) return;
    const isChanged =
      health.healthy !== state.healthy ||
      (state.agent !== undefined && isOther(state.agent, health.agent ?? NOTHING_SAID));
    Object.assign(health, state);
    if (isChanged) for (const { changed } of [...health.watches]) changed();
  }
}
