import { isClientFault, type ErrorCode } from '../../../errors.ts';
import type { ExchangeRecord, TunnelRecord } from '../../../plugin-api/telemetry.ts';
import { labelText } from '../exposition.ts';
import type { Series } from '../exposition.ts';
import type { MetricsSnapshot } from '../metrics-snapshot.ts';
import { NamedThings } from './named-things.ts';

/** The `upstream` label of what reached none, such as a request without a route. */
const NO_UPSTREAM = 'none';

const KINDS = ['request', 'tunnel'] as const;
/**
 * How something ended:
 *
 * - `ok`: served to its end, with a status below 500 where there is one;
 * - `client`: the client broke it off, or sent what nobody could serve;
 * - `failed`: answered with a status of 500 or more, broken off by the backend or the proxy, or never connected.
 */
const RESULTS = ['ok', 'client', 'failed'] as const;
type Kind = (typeof KINDS)[number];
type Result = (typeof RESULTS)[number];

/** These end a tunnel in the way that the config wants. A response that they cut is broken off. */
const ENDS_OF_TUNNELS: ReadonlySet<ErrorCode> = new Set(['idle_timeout', 'drain_timeout', 'shutdown']);

/**
 * How requests and tunnels ended, by upstream. Each series is there at zero from the start, or the edit that brings the
 * upstream: rates see a first failure only where there was a sample before it. That is why neither method nor status is
 * a label.
 */
export class UpstreamResults {
  readonly #byName: NamedThings<ResultCounters>;
  /** Those of the last record: most of the time one upstream serves many in a row. */
  #last: ResultCounters;
  #lastName = '';

  /** `names` are those of the upstreams that there are. */
  constructor(names: () => Iterable<string>) {
    this.#byName = new NamedThings(
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

class ResultCounters implements Record<Kind, Record<Result, number>> {
  readonly request = { ok: 0, client: 0, failed: 0 };
  readonly tunnel = { ok: 0, client: 0, failed: 0 };
}

function resultOfExchange({ status, error }: ExchangeRecord): Result {
  // Also where the answer is 501 or 505. Of a real loop the request around it fails, with the 508 that it gets.
  if (error !== undefined && (isClientFault(error) || error === 'loop')) return 'client';
  if (status >= 500) return 'failed';
  if (error === undefined) return status === 0 ? 'failed' : 'ok';
  // An error with a status of 4xx is an answer of the proxy itself, such as 404 without a route.
  return status >= 400 ? 'client' : 'failed';
}

function resultOfTunnel(error: ErrorCode | undefined): Result {
  if (error === undefined || ENDS_OF_TUNNELS.has(error)) return 'ok';
  return isClientFault(error) ? 'client' : 'failed';
}
