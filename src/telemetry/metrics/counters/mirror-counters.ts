import type { MirrorResult } from '../../../plugin-api/telemetry.ts';
import { labelText } from '../exposition/exposition.ts';
import type { Series } from '../exposition/exposition.ts';
import type { AddableCounters } from '../readings/addable-counters.ts';
import type { CounterReader } from '../readings/counter-reader.ts';
import type { CounterWriter } from '../readings/counter-writer.ts';
import type { MetricsSnapshot } from '../snapshot/metrics-snapshot.ts';
import { CountersByName } from './counters-by-name.ts';

const RESULTS = ['answered', 'failed', 'dropped'] as const;

/** The copies of requests for one mirror. */
class MirrorResults implements AddableCounters {
  readonly counts: Record<MirrorResult, number> = { answered: 0, failed: 0, dropped: 0 };

  read(into: CounterWriter): void {
    for (const result of RESULTS) into.number(this.counts[result]);
  }

  add(from: CounterReader): void {
    for (const result of RESULTS) this.counts[result] += from.number();
  }
}

/** Counts what became of copies of requests, by the upstream that they were for. */
export class MirrorCounters implements AddableCounters {
  readonly #byUpstream: CountersByName<MirrorResults>;

  /** @param upstreams returns the names of the upstreams that exist now */
  constructor(upstreams: () => Iterable<string>) {
    this.#byUpstream = new CountersByName(upstreams, () => new MirrorResults());
  }

  count(upstream: string, result: MirrorResult): void {
    this.#byUpstream.of(upstream).counts[result] += 1;
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
    for (const upstream of queues.keys()) {
      const results = this.#byUpstream.get(upstream);
      if (results === undefined) continue;
      for (const result of RESULTS)
        yield { labels: labelText({ upstream, result }), value: results.counts[result] };
    }
  }
}
