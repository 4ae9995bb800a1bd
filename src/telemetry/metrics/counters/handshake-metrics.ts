import type { HandshakeRecord } from '../../../readings/handshake.ts';
import { DurationHistogram } from '../exposition/duration-histogram.ts';
import { labelText } from '../exposition/exposition.ts';
import type { Series } from '../exposition/exposition.ts';
import type { MetricsSnapshot } from '../snapshot/metrics-snapshot.ts';
import type { AddableCounters } from '../readings/addable-counters.ts';
import type { CounterReader } from '../readings/counter-reader.ts';
import type { CounterWriter } from '../readings/counter-writer.ts';
import { CountersByName } from './counters-by-name.ts';
import { HandshakeCounters } from './handshake-counters.ts';

/** Handshakes of one side, and how long those took that came to an end. */
class TimedHandshakes implements AddableCounters {
  readonly counters = new HandshakeCounters();
  durations: DurationHistogram;

  constructor(bounds: readonly number[]) {
    this.durations = new DurationHistogram(bounds);
  }

  count(record: HandshakeRecord): void {
    this.counters.count(record);
    // How long failed ones lasted says how patient somebody was, and would hide what the cryptography costs.
    if (record.status === 'ok') this.durations.observe(record.durationMs / 1_000);
  }

  read(into: CounterWriter): void {
    this.counters.read(into);
    this.durations.read(into);
  }

  add(from: CounterReader): void {
    this.counters.add(from);
    this.durations.add(from);
  }
}

/**
 * Counts TLS handshakes: with clients as a whole and by listener, with backends by upstream, those of health checks by backend. Those of the
 * admin server are left out: only operators can cause them.
 */
export class HandshakeMetrics implements AddableCounters {
  #bounds: readonly number[] = [];
  /** All clients: these counts stay when a listener goes. */
  readonly #clients = new TimedHandshakes([]);
  readonly #listeners: CountersByName<HandshakeCounters>;
  readonly #upstreams: CountersByName<TimedHandshakes>;
  readonly #checks: CountersByName<HandshakeCounters>;

  /** All functions return the names that exist now. */
  constructor(
    listeners: () => Iterable<string>,
    upstreams: () => Iterable<string>,
    backends: () => Iterable<string>,
  ) {
    this.#checks = new CountersByName(backends, () => new HandshakeCounters());
    this.#listeners = new CountersByName(listeners, () => new HandshakeCounters());
    this.#upstreams = new CountersByName(upstreams, () => new TimedHandshakes(this.#bounds));
  }

  count(record: HandshakeRecord): void {
    if (record.side === 'backend') this.#upstreams.of(record.owner).count(record);
    else if (record.side === 'check') this.#checks.of(record.owner).count(record);
    else if (record.side === 'client') {
      this.#clients.count(record);
      this.#listeners.of(record.owner).count(record);
    }
  }

  /** Changes the buckets and keeps what was counted, as DurationHistogram.withBounds does. */
  setBounds(bounds: readonly number[]): void {
    this.#bounds = bounds;
    for (const each of [this.#clients, ...this.#upstreams.all()])
      each.durations = each.durations.withBounds(bounds);
  }

  forgetOthers({ listeners, queues, backendNames }: MetricsSnapshot): void {
    this.#checks.forgetOthers(backendNames);
    this.#listeners.forgetOthers(new Set(listeners.keys()));
    this.#upstreams.forgetOthers(new Set(queues.keys()));
  }

  read(into: CounterWriter): void {
    for (const each of this.#parts()) each.read(into);
  }

  add(from: CounterReader): void {
    for (const each of this.#parts()) each.add(from);
  }

  #parts(): AddableCounters[] {
    return [this.#clients, this.#listeners, this.#upstreams, this.#checks];
  }

  /** The series of all metrics that are counted here. */
  series({ listeners, queues, backendNames }: MetricsSnapshot) {
    const byBackend = (series: (counters: HandshakeCounters, labels: string) => Iterable<Series>) => () =>
      each('backend', backendNames, this.#checks, series);
    const byListener = (series: (counters: HandshakeCounters, labels: string) => Iterable<Series>) => () =>
      each('listener', listeners.keys(), this.#listeners, series);
    const byUpstream = (series: (timed: TimedHandshakes, labels: string) => Iterable<Series>) => () =>
      each('upstream', queues.keys(), this.#upstreams, series);
    return {
      balance_tls_handshakes_total: () => this.#clients.counters.statuses(''),
      balance_tls_handshake_duration_seconds: () => [{ labels: '', histogram: this.#clients.durations }],
      balance_tls_handshake_failures_total: byListener((counters, labels) => counters.reasons(labels)),
      balance_tls_connections_total: byListener((counters, labels) => counters.connections(labels)),
      balance_backend_tls_handshakes_total: byUpstream(({ counters }, labels) => counters.statuses(labels)),
      balance_backend_tls_handshake_duration_seconds: byUpstream(({ durations }, labels) => [
        { labels, histogram: durations },
      ]),
      balance_backend_tls_handshake_failures_total: byUpstream(({ counters }, labels) =>
        counters.reasons(labels),
      ),
      balance_backend_tls_connections_total: byUpstream(({ counters }, labels) =>
        counters.connections(labels),
      ),
      balance_health_check_tls_handshakes_total: byBackend((counters, labels) => counters.statuses(labels)),
      balance_health_check_tls_handshake_failures_total: byBackend((counters, labels) =>
        counters.reasons(labels),
      ),
    };
  }
}

function* each<T extends AddableCounters>(
  label: string,
  names: Iterable<string>,
  counters: CountersByName<T>,
  series: (counters: T, labels: string) => Iterable<Series>,
): Iterable<Series> {
  for (const name of names) {
    const known = counters.get(name);
    if (known !== undefined) yield* series(known, labelText({ [label]: name }));
  }
}
