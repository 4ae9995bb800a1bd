import { isClientFault, type ErrorCode } from '../../../errors.ts';
import type { ExchangeRecord, TunnelRecord } from '../../../plugin-api/telemetry.ts';
import { labelText } from '../exposition/exposition.ts';
import type { Series } from '../exposition/exposition.ts';
import type { MetricsSnapshot } from '../snapshot/metrics-snapshot.ts';
import type { AddableCounters } from '../readings/addable-counters.ts';
import type { CounterReader } from '../readings/counter-reader.ts';
import type { CounterWriter } from '../readings/counter-writer.ts';
import { CountersByName } from './counters-by-name.ts';

/** The `upstream` label of requests and tunnels that reached no upstream, such as a request without a route. */
const NO_UPSTREAM = 'none';

const KINDS = ['request', 'tunnel'] as const;
/**
 * How a request or a tunnel ended:
 *
 * - `ok`: served to its end, with a status below 500 where there is one;
 * - `client`: the client broke it off, or sent something that can't be served;
 * - `failed`: answered with a status of 500 or more, broken off by the backend or the proxy, or never connected.
 */
const RESULTS = ['ok', 'client', 'failed'] as const;
type Kind = (typeof KINDS)[number];
type Result = (typeof RESULTS)[number];

/** Errors that end a tunnel as the config wants it, so that its result is `ok`. A response that they cut off has failed. */
const ENDS_OF_TUNNELS: ReadonlySet<ErrorCode> = new Set(['idle_timeout', 'drain_timeout', 'shutdown']);

/**
 * Counts how requests and tunnels ended, by upstream. Every series is shown with the value 0 from the start, or from the edit on that brings
 * the upstream: a rate sees a first failure only when there was a sample before it. To keep these series few, neither method nor status is a
 * label.
 */
export class UpstreamResults implements AddableCounters {
  readonly #byName: CountersByName<ResultCounters>;
  /** The counters of the last record: consecutive records often have the same upstream. */
  #last: ResultCounters;
  #lastName = '';

  /** @param names returns the names of the upstreams that exist now */
  constructor(names: () => Iterable<string>) {
    this.#byName = new CountersByName(
      () => [NO_UPSTREAM, ...names()],
      () => new ResultCounters(),
    );
    this.#last = this.#byName.of(NO_UPSTREAM);
  }

  exchange(record: ExchangeRecord): void {
    this.#countersOf(record.upstream).request[resultOfExchange(record)] += 1;
  }

  tunnel({ upstream, error }: TunnelRecord): void {
    this.#countersOf(upstream).tunnel[resultOfTunnel(error)] += 1;
  }

  forgetOthers({ queues }: MetricsSnapshot): void {
    this.#byName.forgetOthers(new Set([NO_UPSTREAM, ...queues.keys()]));
    this.#lastName = '';
    this.#last = this.#byName.of(NO_UPSTREAM);
  }

  read(into: CounterWriter): void {
    this.#byName.read(into);
  }

  add(from: CounterReader): void {
    this.#byName.add(from);
  }

  *series({ queues }: MetricsSnapshot): Iterable<Series> {
    for (const upstream of new Set([NO_UPSTREAM, ...queues.keys()])) {
      const counters = this.#byName.get(upstream);
      for (const kind of KINDS)
        for (const result of RESULTS)
          yield { labels: labelText({ upstream, kind, result }), value: counters?.[kind][result] ?? 0 };
    }
  }

  #countersOf(name: string): ResultCounters {
    if (name !== this.#lastName) {
      this.#last = this.#byName.of(name === '' ? NO_UPSTREAM : name);
      this.#lastName = name;
    }
    return this.#last;
  }
}

class ResultCounters implements Record<Kind, Record<Result, number>>, AddableCounters {
  readonly request = { ok: 0, client: 0, failed: 0 };
  readonly tunnel = { ok: 0, client: 0, failed: 0 };

  read(into: CounterWriter): void {
    for (const kind of KINDS) for (const result of RESULTS) into.number(this[kind][result]);
  }

  add(from: CounterReader): void {
    for (const kind of KINDS) for (const result of RESULTS) this[kind][result] += from.number();
  }
}

function resultOfExchange({ status, error }: ExchangeRecord): Result {
  // Faults of the client count so even with a status of 501 or 505. In a real loop the outer request fails with the 508 that the inner one gets.
  if (error !== undefined && (isClientFault(error) || error === 'loop')) return 'client';
  if (status >= 500) return 'failed';
  if (error === undefined) return status === 0 ? 'failed' : 'ok';
  // An error with a 4xx status is an answer of the proxy itself, such as 404 without a route.
  return status >= 400 ? 'client' : 'failed';
}

function resultOfTunnel(error: ErrorCode | undefined): Result {
  if (error === undefined || ENDS_OF_TUNNELS.has(error)) return 'ok';
  return isClientFault(error) ? 'client' : 'failed';
}
