import { labelText } from '../exposition/exposition.ts';
import type { Series } from '../exposition/exposition.ts';
import type { AddableCounters } from '../readings/addable-counters.ts';
import type { CounterReader } from '../readings/counter-reader.ts';
import type { CounterWriter } from '../readings/counter-writer.ts';
import type { MetricsSnapshot } from '../snapshot/metrics-snapshot.ts';
import { CountersByName } from './counters-by-name.ts';

/** What became of one kind of event, in one upstream. */
class Outcomes<Outcome extends string> implements AddableCounters {
  readonly counts: Map<Outcome, number>;

  constructor(outcomes: readonly Outcome[]) {
    this.counts = new Map(outcomes.map((outcome) => [outcome, 0]));
  }

  count(outcome: Outcome, more = 1): void {
    this.counts.set(outcome, (this.counts.get(outcome) ?? 0) + more);
  }

  read(into: CounterWriter): void {
    for (const count of this.counts.values()) into.number(count);
  }

  add(from: CounterReader): void {
    for (const outcome of this.counts.keys()) this.count(outcome, from.number());
  }
}

/** Counts events of upstreams that each have one of a few outcomes, such as copies of requests for a mirror. */
export class OutcomeCounters<Outcome extends string> implements AddableCounters {
  readonly #byUpstream: CountersByName<Outcomes<Outcome>>;

  /**
   * @param upstreams returns the names of the upstreams that exist now
   * @param outcomes in the order in which they are shown
   */
  constructor(upstreams: () => Iterable<string>, outcomes: readonly Outcome[]) {
    this.#byUpstream = new CountersByName(upstreams, () => new Outcomes(outcomes));
  }

  count(upstream: string, outcome: Outcome): void {
    this.#byUpstream.of(upstream).count(outcome);
  }

  /** Forgets the counters of upstreams that no longer exist. */
  forgetOthers({ queues }: MetricsSnapshot): void {
    this.#byUpstream.forgetOthers(new Set(queues.keys()));
  }

  read(into: CounterWriter): void {
    this.#byUpstream.read(into);
  }

  add(from: CounterReader): void {
    this.#byUpstream.add(from);
  }

  *series({ queues }: MetricsSnapshot): Iterable<Series> {
    for (const upstream of queues.keys())
      for (const [result, value] of this.#byUpstream.get(upstream)?.counts ?? [])
        yield { labels: labelText({ upstream, result }), value };
  }
}
