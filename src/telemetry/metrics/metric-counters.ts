import type {
  ExchangeRecord,
  HedgeResult,
  MirrorRecord,
  MirrorResult,
  TunnelRecord,
} from '../../plugin-api/telemetry.ts';
import type { StickyOutcome } from '../../plugin-api/upstream.ts';
import type { HandshakeRecord } from '../../readings/handshake.ts';
import type { RequestTotals } from '../../readings/counts/telemetry.ts';
import type { HealthCheckRecord, QueueOutcome, QueueRecord } from '../../readings/upstreams/upstream.ts';
import type { TelemetrySubscriber } from '../telemetry.ts';
import { CheckCounters } from './counters/check-counters.ts';
import { NamedDurationCounters } from './counters/duration-counters.ts';
import { HandshakeMetrics } from './counters/handshake-metrics.ts';
import { OutcomeCounters } from './counters/outcome-counters.ts';
import { RefusalCounters } from './counters/refusal-counters.ts';
import { NO_BACKEND, RequestMetrics } from './counters/request-metrics.ts';
import { RetryCounters } from './counters/retry-counters.ts';
import { RouteCounters } from './counters/route-counters.ts';
import { TunnelDurations } from './counters/tunnel-durations.ts';
import { UpstreamResults } from './counters/upstream-results.ts';
import type { AddableCounters } from './readings/addable-counters.ts';
import { CounterReader } from './readings/counter-reader.ts';
import type { CounterReadings } from '../../readings/counts/counters.ts';
import { CounterWriter } from './readings/counter-writer.ts';
import type { MetricsSnapshot } from './snapshot/metrics-snapshot.ts';

/** Returns the names that exist now; called seldom. */
export type CountedNames = () => Readonly<Record<'backends' | 'listeners' | 'upstreams', Iterable<string>>>;

/**
 * Counts requests, tunnels, TLS handshakes, health checks and queues. A request costs a few additions to fields. The counts are read as plain
 * data, which other counters can add to theirs.
 */
export class MetricCounters implements TelemetrySubscriber {
  readonly detailed = false;
  readonly requests: RequestMetrics;
  readonly results: UpstreamResults;
  readonly routes: RouteCounters;
  readonly refusals: RefusalCounters;
  readonly retries: RetryCounters;
  readonly mirrors: OutcomeCounters<MirrorResult>;
  readonly hedges: OutcomeCounters<HedgeResult>;
  readonly sticky: OutcomeCounters<StickyOutcome>;
  readonly healthChecks: CheckCounters;
  readonly queues: NamedDurationCounters<QueueOutcome>;
  readonly tunnels: TunnelDurations;
  readonly handshakes: HandshakeMetrics;
  /** The buckets of the live config. They are set before anything is counted. */
  #bounds: readonly number[] = [];

  /** The counters of names that do not exist any more are forgotten when there are many of them. */
  constructor(names: CountedNames) {
    const backends = (): Iterable<string> => names().backends;
    const listeners = (): Iterable<string> => names().listeners;
    const upstreams = (): Iterable<string> => names().upstreams;
    this.requests = new RequestMetrics(backends, []);
    this.results = new UpstreamResults(upstreams);
    this.routes = new RouteCounters(listeners);
    this.refusals = new RefusalCounters(listeners);
    this.retries = new RetryCounters(backends);
    this.mirrors = new OutcomeCounters(upstreams, ['answered', 'failed', 'dropped']);
    this.hedges = new OutcomeCounters(upstreams, ['won', 'lost', 'failed', 'budget']);
    this.sticky = new OutcomeCounters(upstreams, ['new', 'kept', 'moved', 'away']);
    this.healthChecks = new CheckCounters(upstreams, backends);
    this.queues = new NamedDurationCounters(upstreams, []);
    this.tunnels = new TunnelDurations(listeners, backends);
    this.handshakes = new HandshakeMetrics(listeners, upstreams, backends);
  }

  exchange(record: ExchangeRecord): void {
    this.requests.exchange(record);
    this.results.exchange(record);
    this.routes.exchange(record);
    if (record.refusal !== undefined) this.refusals.count(record);
    if (record.failedTries !== undefined || record.retriesExhausted !== undefined) this.retries.count(record);
    if (record.hedgeResult !== undefined) this.hedges.count(record.upstream, record.hedgeResult);
    if (record.stickiness !== undefined) this.sticky.count(record.upstream, record.stickiness);
  }

  tunnel(record: TunnelRecord): void {
    this.requests.tunnel(record);
    this.results.tunnel(record);
    this.tunnels.count(record);
    if (record.stickiness !== undefined) this.sticky.count(record.upstream, record.stickiness);
  }

  healthCheck(record: HealthCheckRecord): void {
    this.healthChecks.count(record);
  }

  queue({ upstream, outcome, waitedMs }: QueueRecord): void {
    this.queues.count(upstream, outcome, outcome === 'refused' ? undefined : waitedMs);
  }

  mirrored({ upstream, result }: MirrorRecord): void {
    this.mirrors.count(upstream, result);
  }

  handshake(record: HandshakeRecord): void {
    this.handshakes.count(record);
  }

  /** The requests of the backends with that name; without a name, of requests that got no backend. */
  totals(backend = NO_BACKEND): RequestTotals {
    return this.requests.totals(backend);
  }

  /** Upper bounds of the buckets of requests, queues, health checks and TLS handshakes in seconds, ascending. */
  get buckets(): readonly number[] {
    return this.#bounds;
  }

  /** Changes the {@link buckets}. What was counted in other buckets is kept, as DurationHistogram.withBounds says. */
  setBuckets(bounds: readonly number[]): void {
    if (bounds.join() === this.#bounds.join()) return;
    this.#bounds = bounds;
    this.requests.setBounds(bounds);
    this.healthChecks.setBounds(bounds);
    this.queues.setBounds(bounds);
    this.handshakes.setBounds(bounds);
  }

  /** Forgets the counters of everything that is not in the snapshot. */
  forgetOthers(snapshot: MetricsSnapshot): void {
    this.requests.forgetOthers(snapshot.backendNames);
    this.healthChecks.forgetOthers(snapshot);
    this.queues.forgetOthers(new Set(snapshot.queues.keys()));
    this.tunnels.forgetOthers(snapshot);
    this.handshakes.forgetOthers(snapshot);
    this.results.forgetOthers(snapshot);
    this.routes.forgetOthers(snapshot);
    this.refusals.forgetOthers(snapshot);
    this.retries.forgetOthers(snapshot);
    this.mirrors.forgetOthers(snapshot);
    this.hedges.forgetOthers(snapshot);
    this.sticky.forgetOthers(snapshot);
  }

  /** All counts of this moment. */
  read(): CounterReadings {
    const writer = new CounterWriter();
    for (const part of this.#parts()) part.read(writer);
    return writer.end();
  }

  /** Adds what other counters counted. Their buckets may be others: what was counted in them is put into those of these counters. */
  add(readings: CounterReadings): void {
    const reader = new CounterReader(readings);
    for (const part of this.#parts()) part.add(reader);
  }

  #parts(): readonly AddableCounters[] {
    return [
      this.requests,
      this.results,
      this.routes,
      this.refusals,
      this.retries,
      this.mirrors,
      this.hedges,
      this.sticky,
      this.healthChecks,
      this.queues,
      this.tunnels,
      this.handshakes,
    ];
  }
}
