import type { ExchangeRecord } from '../../../plugin-api/telemetry.ts';
import { labelText } from '../exposition/exposition.ts';
import type { Series } from '../exposition/exposition.ts';
import type { AddableCounters } from '../readings/addable-counters.ts';
import type { CounterReader } from '../readings/counter-reader.ts';
import type { CounterWriter } from '../readings/counter-writer.ts';
import type { MetricsSnapshot } from '../snapshot/metrics-snapshot.ts';
import { CountersByName } from './counters-by-name.ts';
import { NO_BACKEND } from './request-metrics.ts';

const REASONS = ['attempts', 'budget'] as const;

/** The tries that one backend failed. */
class BackendRetries implements AddableCounters {
  retried = 0;
  /** By why no further try was made. */
  readonly exhausted = { attempts: 0, budget: 0 };

  read(into: CounterWriter): void {
    into.number(this.retried);
    for (const reason of REASONS) into.number(this.exhausted[reason]);
  }

  add(from: CounterReader): void {
    this.retried += from.number();
    for (const reason of REASONS) this.exhausted[reason] += from.number();
  }
}

/** Counts requests that were tried again, or would have been, by the backend that failed them. */
export class RetryCounters implements AddableCounters {
  readonly #byBackend: CountersByName<BackendRetries>;

  /** @param backends returns the names of the backends that exist now */
  constructor(backends: () => Iterable<string>) {
    this.#byBackend = new CountersByName(
      () => [NO_BACKEND, ...backends()],
      () => new BackendRetries(),
    );
  }

  count({ failedTries = [], retriesExhausted, backend }: ExchangeRecord): void {
    for (const tried of failedTries) if (tried.retried) this.#byBackend.of(tried.backend.name).retried += 1;
    if (retriesExhausted !== undefined)
      this.#byBackend.of(backend?.name ?? NO_BACKEND).exhausted[retriesExhausted] += 1;
  }

  /** Forgets the counters of backends that no longer exist. */
  forgetOthers({ backendNames }: MetricsSnapshot): void {
    this.#byBackend.forgetOthers(new Set([NO_BACKEND, ...backendNames]));
  }

  read(into: CounterWriter): void {
    this.#byBackend.read(into);
  }

  add(from: CounterReader): void {
    this.#byBackend.add(from);
  }

  *retries({ backendNames }: MetricsSnapshot): Iterable<Series> {
    for (const backend of backendNames) {
      const counters = this.#byBackend.get(backend);
      if (counters !== undefined) yield { labels: labelText({ backend }), value: counters.retried };
    }
  }

  *exhausted({ backendNames }: MetricsSnapshot): Iterable<Series> {
    for (const backend of [...backendNames, NO_BACKEND]) {
      const counters = this.#byBackend.get(backend);
      if (counters === undefined) continue;
      for (const reason of REASONS)
        yield { labels: labelText({ backend, reason }), value: counters.exhausted[reason] };
    }
  }
}
