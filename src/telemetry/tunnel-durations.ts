import type { TunnelRecord } from '../plugin-api/telemetry.ts';
import { NamedDurationCounters } from './duration-counters.ts';
import { labelText } from './exposition.ts';
import type { Series } from './exposition.ts';
import type { MetricsSnapshot } from './metrics-snapshot.ts';

/** Upper bounds of the buckets in seconds, from a quick query to a day. */
const TUNNEL_BUCKETS_S: readonly number[] = [0.1, 1, 10, 60, 600, 3_600, 21_600, 86_400];

/** How long tunnels lasted, by listener and backend. */
export class TunnelDurations {
  readonly #byListener = new Map<string, NamedDurationCounters<'ended'>>();

  /** A connection that got no backend was no tunnel. */
  count({ listener, backend, durationMs }: TunnelRecord): void {
    if (backend === undefined) return;
    let counters = this.#byListener.get(listener);
    if (counters === undefined) {
      counters = new NamedDurationCounters(TUNNEL_BUCKETS_S);
      this.#byListener.set(listener, counters);
    }
    counters.count(backend.name, 'ended', durationMs);
  }

  forgetOthers({ listeners, backendNames }: MetricsSnapshot): void {
    for (const [listener, counters] of this.#byListener) {
      if (listeners.has(listener)) counters.forgetOthers(backendNames);
      else this.#byListener.delete(listener);
    }
  }

  *series({ backendNames }: MetricsSnapshot): Iterable<Series> {
    for (const [listener, counters] of this.#byListener) {
      for (const backend of backendNames) {
        const durations = counters.get(backend)?.durations;
        if (durations !== undefined) yield { labels: labelText({ listener, backend }), histogram: durations };
      }
    }
  }
}
