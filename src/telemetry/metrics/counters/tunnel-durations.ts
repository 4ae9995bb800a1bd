import type { TunnelRecord } from '../../../plugin-api/telemetry.ts';
import { NamedDurationCounters } from './duration-counters.ts';
import { labelText } from '../exposition/exposition.ts';
import type { Series } from '../exposition/exposition.ts';
import type { MetricsSnapshot } from '../snapshot/metrics-snapshot.ts';
import type { AddableCounters } from '../readings/addable-counters.ts';
import type { CounterReader } from '../readings/counter-reader.ts';
import type { CounterWriter } from '../readings/counter-writer.ts';
import { CountersByName } from './counters-by-name.ts';

/** Upper bounds of the buckets in seconds: tunnels last from a fraction of a second up to days. */
const TUNNEL_BUCKETS_S: readonly number[] = [0.1, 1, 10, 60, 600, 3_600, 21_600, 86_400];

/** Counts the durations of tunnels by listener and backend. */
export class TunnelDurations implements AddableCounters {
  readonly #byListener: CountersByName<NamedDurationCounters<'ended'>>;

  /** Both functions return the names that exist now. */
  constructor(listeners: () => Iterable<string>, backends: () => Iterable<string>) {
    this.#byListener = new CountersByName(
      listeners,
      () => new NamedDurationCounters(backends, TUNNEL_BUCKETS_S),
    );
  }

  /** Counts a tunnel that ended. A connection that got no backend was no tunnel. */
  count({ listener, backend, durationMs, connected = true }: TunnelRecord): void {
    if (backend === undefined || !connected) return;
    this.#byListener.of(listener).count(backend.name, 'ended', durationMs);
  }

  forgetOthers({ listeners, backendNames }: MetricsSnapshot): void {
    this.#byListener.forgetOthers(new Set(listeners.keys()));
    for (const counters of this.#byListener.all()) counters.forgetOthers(backendNames);
  }

  read(into: CounterWriter): void {
    this.#byListener.read(into);
  }

  add(from: CounterReader): void {
    this.#byListener.add(from);
  }

  *series({ listeners, backendNames }: MetricsSnapshot): Iterable<Series> {
    for (const listener of listeners.keys()) {
      const counters = this.#byListener.get(listener);
      if (counters === undefined) continue;
      for (const backend of backendNames) {
        const durations = counters.get(backend)?.durations;
        if (durations !== undefined) yield { labels: labelText({ listener, backend }), histogram: durations };
      }
    }
  }
}
