import { ERROR_CODES } from '../../../errors.ts';
import type { ExchangeRecord, TunnelRecord } from '../../../plugin-api/telemetry.ts';
import type { RequestTotals } from '../../../readings/counts/telemetry.ts';
import type { Backend } from '../../../plugin-api/backend.ts';
import type { Series } from '../exposition/exposition.ts';
import type { MetricsSnapshot } from '../snapshot/metrics-snapshot.ts';
import type { AddableCounters } from '../readings/addable-counters.ts';
import type { CounterReader } from '../readings/counter-reader.ts';
import type { CounterWriter } from '../readings/counter-writer.ts';
import { CountersByName } from './counters-by-name.ts';
import { expectedErrors, expectedFailures, RequestCounters } from './request-counters.ts';

/** The `backend` label of requests and tunnels that got no backend. */
export const NO_BACKEND = 'none';

/** The counters of a backend object. A slot is found by the backend's index, and is valid only for this very object. */
interface Slot {
  readonly backend: Backend;
  readonly counters: RequestCounters;
}

/** Counts exchanges by backend. The counters are found by the backend's index, without a look-up by name, so a request costs a few additions. */
export class RequestMetrics implements AddableCounters {
  readonly #byName: CountersByName<RequestCounters>;
  #slots: (Slot | undefined)[] = [];
  readonly #withoutBackend: RequestCounters;
  #bounds: readonly number[];

  /**
   * @param names returns the names of the backends that exist now
   * @param bounds upper bounds of the buckets, as in DurationHistogram
   */
  constructor(names: () => Iterable<string>, bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#byName = new CountersByName(
      () => [NO_BACKEND, ...names()],
      (name) => new RequestCounters(name, this.#bounds),
      () => {
        // The slots may hold forgotten counters, which are not shown any more. They are filled again with the next requests.
        this.#slots = [];
      },
    );
    this.#withoutBackend = this.#byName.of(NO_BACKEND);
  }

  exchange({ backend, method, status, durationMs, error, trace }: ExchangeRecord): void {
    const counters = this.#countersOf(backend);
    counters.count(method, status, durationMs, trace);
    if (error !== undefined) counters.countError(error);
  }

  /** A tunnel does not count as a request, but its error counts. */
  tunnel({ backend, error }: TunnelRecord): void {
    if (error !== undefined) this.#countersOf(backend).countError(error);
  }

  /** Changes the buckets and keeps what was counted, as DurationHistogram.withBounds does. */
  setBounds(bounds: readonly number[]): void {
    this.#bounds = bounds;
    for (const counters of this.#byName.all()) counters.setBounds(bounds);
  }

  /** Forgets the counters of backends that no longer exist. An exchange that such a backend finishes later is not counted. */
  forgetOthers(names: ReadonlySet<string>): void {
    this.#byName.forgetOthers(new Set([NO_BACKEND, ...names]));
  }

  read(into: CounterWriter): void {
    this.#byName.read(into);
  }

  add(from: CounterReader): void {
    this.#byName.add(from);
  }

  /** The requests of the backends with that name, or of {@link NO_BACKEND}. */
  totals(name: string): RequestTotals {
    const requests = this.#byName.get(name);
    const byStatus: Record<string, number> = {};
    let total = 0;
    for (const each of requests?.methods() ?? []) {
      for (const [status, count] of each.statuses()) {
        const shown = status === '0' ? 'none' : `${status.charAt(0)}xx`;
        byStatus[shown] = (byStatus[shown] ?? 0) + count;
        total += count;
      }
    }
    return { total, byStatus, byError: Object.fromEntries(requests?.errors() ?? []) };
  }

  /** The series of requests. For backends that serve requests, expected failures are shown with the value 0 before the first one. */
  *requests({ backendNames, requestBackends }: MetricsSnapshot): Iterable<Series> {
    for (const requests of this.#shown(backendNames)) {
      for (const each of requests.methods()) {
        for (const [status, value] of each.statuses()) {
          yield { labels: `${each.labels},status="${status}"`, value };
        }
      }
    }
    for (const name of new Set([NO_BACKEND, ...requestBackends])) {
      for (const labels of expectedFailures(name, this.#byName.get(name))) yield { labels, value: 0 };
    }
  }

  *durations(names: ReadonlySet<string>): Iterable<Series> {
    for (const requests of this.#shown(names)) {
      for (const { labels, durations } of requests.methods()) yield { labels, histogram: durations };
    }
  }

  /** The series of errors. For all backends, expected errors are shown with the value 0 before the first one. */
  *errors(names: ReadonlySet<string>): Iterable<Series> {
    for (const requests of this.#shown(names)) {
      for (const [error_type, value] of requests.errors()) {
        yield { labels: `${requests.labels},error_type="${error_type}"`, value };
      }
    }
    for (const name of new Set([NO_BACKEND, ...names])) {
      const expected = name === NO_BACKEND ? ERROR_CODES : undefined;
      for (const labels of expectedErrors(name, this.#byName.get(name), expected)) yield { labels, value: 0 };
    }
  }

  /** The counters of these backends. Others may be counted while a scrape is written: exchanges of backends that no longer exist. */
  *#shown(names: ReadonlySet<string>): Iterable<RequestCounters> {
    for (const name of new Set([NO_BACKEND, ...names])) {
      const requests = this.#byName.get(name);
      if (requests !== undefined) yield requests;
    }
  }

  #countersOf(backend: Backend | undefined): RequestCounters {
    if (backend === undefined) return this.#withoutBackend;
    const slot = this.#slots[backend.index];
    return slot?.backend === backend ? slot.counters : this.#addSlot(backend);
  }

  #addSlot(backend: Backend): RequestCounters {
    const counters = this.#byName.of(backend.name);
    this.#slots[backend.index] = { backend, counters };
    return counters;
  }
}
