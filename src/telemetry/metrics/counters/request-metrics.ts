import { ERROR_CODES } from '../../../errors.ts';
import type { ExchangeRecord, TunnelRecord } from '../../../plugin-api/telemetry.ts';
import type { Backend } from '../../../plugin-api/upstream.ts';
import type { Series } from '../exposition.ts';
import type { MetricsSnapshot } from '../metrics-snapshot.ts';
import { NamedThings } from './named-things.ts';
import { expectedErrors, expectedFailures, RequestCounters } from './request-counters.ts';

/** The `backend` label of what no backend was picked for. */
export const NO_BACKEND = 'none';

/** The counters that a backend object counts into; found by index, and right while the object is the same. */
interface Slot {
  readonly backend: Backend;
  readonly counters: RequestCounters;
}

/** The requests of one backend in few numbers. */
export interface RequestTotals {
  readonly total: number;
  /** By `2xx`, `5xx` and the like; `none` where no status reached the client. */
  readonly byStatus: Readonly<Record<string, number>>;
  readonly byError: Readonly<Record<string, number>>;
}

/** Counts exchanges in own fields, found without a look-up by name: a request costs some field updates. */
export class RequestMetrics {
  readonly #byName: NamedThings<RequestCounters>;
  #slots: (Slot | undefined)[] = [];
  readonly #withoutBackend: RequestCounters;
  #bounds: readonly number[];

  /** `names` are those of the backends that there are; `bounds` as of DurationHistogram. */
  constructor(names: () => Iterable<string>, bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#byName = new NamedThings(
      () => [NO_BACKEND, ...names()],
      (name) => new RequestCounters(name, this.#bounds),
      () => {
        // A slot would keep counting into what nobody shows any more. They fill again by themselves.
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

  /** A tunnel is no request, but what went wrong with it shows among the errors. */
  tunnel({ backend, error }: TunnelRecord): void {
    if (error !== undefined) this.#countersOf(backend).countError(error);
  }

  /** What was counted in other buckets goes on as DurationHistogram.withBounds says. */
  setBounds(bounds: readonly number[]): void {
    this.#bounds = bounds;
    for (const counters of this.#byName.all()) counters.setBounds(bounds);
  }

  /** A backend that is gone takes its series along; an exchange that it finishes later counts for nobody. */
  forgetOthers(names: ReadonlySet<string>): void {
    this.#byName.forgetOthers(new Set([NO_BACKEND, ...names]));
  }

  /** What was counted for backends of that name, or for {@link NO_BACKEND}. */
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

  /** Those of backends that serve requests have expected failures at zero, before the first of them. */
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

  /** Those of all backends have expected errors at zero, before the first of them. */
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

  /** Exchanges go on while a scrape is written, also those of backends that are gone. */
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
