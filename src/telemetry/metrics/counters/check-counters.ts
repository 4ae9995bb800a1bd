import type { HealthCheckRecord } from '../../../readings/upstreams/upstream.ts';
import type { AddableCounters } from '../readings/addable-counters.ts';
import type { CounterReader } from '../readings/counter-reader.ts';
import type { CounterWriter } from '../readings/counter-writer.ts';
import { labelText, type Series } from '../exposition/exposition.ts';
import type { MetricsSnapshot } from '../snapshot/metrics-snapshot.ts';
import { CountersByName } from './counters-by-name.ts';
import { NamedDurationCounters, type DurationCounters } from './duration-counters.ts';

type CheckResult = 'pass' | 'fail';

/** Health checks by upstream and backend: a backend of two upstreams is checked for each. */
export class CheckCounters implements AddableCounters {
  #bounds: readonly number[] = [];
  readonly #byUpstream: CountersByName<NamedDurationCounters<CheckResult>>;

  /** Both return the names that exist now. */
  constructor(upstreams: () => Iterable<string>, backends: () => Iterable<string>) {
    this.#byUpstream = new CountersByName(upstreams, () => new NamedDurationCounters(backends, this.#bounds));
  }

  count({ upstream, backend, passed, durationMs }: HealthCheckRecord): void {
    this.#byUpstream.of(upstream).count(backend, passed ? 'pass' : 'fail', durationMs);
  }

  /** Changes the buckets and keeps what was counted, as DurationHistogram.withBounds does. */
  setBounds(bounds: readonly number[]): void {
    this.#bounds = bounds;
    for (const counters of this.#byUpstream.all()) counters.setBounds(bounds);
  }

  /** Forgets the backends that are not in their upstreams any more. */
  forgetOthers({ upstreams }: MetricsSnapshot): void {
    this.#byUpstream.forgetOthers(new Set(upstreams.keys()));
    for (const [upstream, { members }] of upstreams)
      this.#byUpstream.get(upstream)?.forgetOthers(new Set(members.map(({ backend }) => backend)));
  }

  *results(snapshot: MetricsSnapshot): Iterable<Series> {
    for (const { upstream, backend, counters } of this.#checked(snapshot))
      for (const result of ['pass', 'fail'] as const)
        yield { labels: labelText({ backend, result, upstream }), value: counters.of(result) };
  }

  *durations(snapshot: MetricsSnapshot): Iterable<Series> {
    for (const { upstream, backend, counters } of this.#checked(snapshot))
      yield { labels: labelText({ backend, upstream }), histogram: counters.durations };
  }

  read(into: CounterWriter): void {
    this.#byUpstream.read(into);
  }

  add(from: CounterReader): void {
    this.#byUpstream.add(from);
  }

  *#checked({ upstreams }: MetricsSnapshot): Generator<Checked, void> {
    for (const [upstream, { members }] of upstreams)
      for (const backend of new Set(members.map((member) => member.backend))) {
        const counters = this.#byUpstream.get(upstream)?.get(backend);
        if (counters !== undefined) yield { upstream, backend, counters };
      }
  }
}

interface Checked {
  readonly upstream: string;
  readonly backend: string;
  readonly counters: DurationCounters<CheckResult>;
}
