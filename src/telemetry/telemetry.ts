import type { Tracer } from '../plugin-api/tracing.ts';
import type { ExchangeRecord, MirrorRecord, TelemetrySink, TunnelRecord } from '../plugin-api/telemetry.ts';
import type { HandshakeObserver, HandshakeRecord } from '../readings/handshake.ts';
import type { HealthCheckRecord, QueueRecord } from '../readings/upstreams/upstream.ts';
import { PluginFaults } from './plugin-faults.ts';

/** A consumer of all records: the metrics, the access log, tracing. It is called synchronously, so it must be quick. */
export interface TelemetrySubscriber {
  /** True when it reads the descriptive fields of records (path, user agent …). Must not change. */
  readonly detailed: boolean;
  /** Begins the traces that the subscriber reports. Must not change. */
  readonly tracer?: Tracer | undefined;
  exchange(record: ExchangeRecord): void;
  tunnel(record: TunnelRecord): void;
  healthCheck?(record: HealthCheckRecord): void;
  queue?(record: QueueRecord): void;
  mirrored?(record: MirrorRecord): void;
  handshake?(record: HandshakeRecord): void;
}

/** At most one failure of a subscriber is reported in this time. */
const TOLD_INTERVAL_MS = 60_000;

/** Hands each record to all subscribers. A subscriber that throws is counted, and the data path does not notice it. */
export class Telemetry implements TelemetrySink, HandshakeObserver {
  // Plain fields, because protocols read them for each request.
  detailed = false;
  tracer: Tracer | undefined = undefined;
  /** The array is replaced and never changed: a subscriber may leave while a record is handed to all of them. */
  #subscribers: readonly TelemetrySubscriber[] = [];
  /** Those that only want handshakes, so that no record of a request passes by them. */
  readonly #handshakeObservers: readonly HandshakeObserver[];
  readonly #faults = new PluginFaults();
  #failures = 0;
  #toldAtMs = Number.NEGATIVE_INFINITY;
  readonly #tell: (error: unknown, failures: number) => void;

  /**
   * @param tell called with an error that a subscriber threw and with the number of all such errors so far, at most once a minute
   * @param handshakeObservers hear of handshakes alone, from the start to the end
   */
  constructor(
    tell: (error: unknown, failures: number) => void = () => undefined,
    handshakeObservers: readonly HandshakeObserver[] = [],
  ) {
    this.#tell = tell;
    this.#handshakeObservers = handshakeObservers;
  }

  /** Number of calls of subscribers that threw since the start. */
  get failures(): number {
    return this.#failures;
  }

  /** Returns a function that ends the subscription. To call it again does nothing. */
  subscribe(subscriber: TelemetrySubscriber): () => void {
    this.#replace([...this.#subscribers, subscriber]);
    let subscribed = true;
    return () => {
      if (!subscribed) return;
      subscribed = false;
      const index = this.#subscribers.indexOf(subscriber);
      this.#replace(this.#subscribers.filter((_, at) => at !== index));
    };
  }

  exchange(record: ExchangeRecord): void {
    // Written out, without the closure of #forEach, because it runs once a request.
    for (const subscriber of this.#subscribers) {
      try {
        subscriber.exchange(record);
      } catch (thrown) {
        this.#failed(thrown);
      }
    }
  }

  tunnel(record: TunnelRecord): void {
    this.#forEach((subscriber) => subscriber.tunnel(record));
  }

  healthCheck(record: HealthCheckRecord): void {
    this.#forEach((subscriber) => subscriber.healthCheck?.(record));
  }

  queue(record: QueueRecord): void {
    this.#forEach((subscriber) => subscriber.queue?.(record));
  }

  mirrored(record: MirrorRecord): void {
    this.#forEach((subscriber) => subscriber.mirrored?.(record));
  }

  handshake(record: HandshakeRecord): void {
    this.#forEach((subscriber) => subscriber.handshake?.(record));
    for (const observer of this.#handshakeObservers) {
      try {
        observer.handshake(record);
      } catch (thrown) {
        this.#failed(thrown);
      }
    }
  }

  /** Number of failures of each plugin since the start. */
  get pluginFailures(): ReadonlyMap<string, number> {
    return this.#faults.counts;
  }

  pluginFailed(plugin: string, kind: string): number | undefined {
    return this.#faults.count(plugin, kind);
  }

  #forEach(call: (subscriber: TelemetrySubscriber) => void): void {
    for (const subscriber of this.#subscribers) {
      try {
        call(subscriber);
      } catch (thrown) {
        this.#failed(thrown);
      }
    }
  }

  #failed(thrown: unknown): void {
    this.#failures++;
    const nowMs = performance.now();
    if (nowMs - this.#toldAtMs < TOLD_INTERVAL_MS) return;
    this.#toldAtMs = nowMs;
    this.#tell(thrown, this.#failures);
  }

  #replace(subscribers: readonly TelemetrySubscriber[]): void {
    this.#subscribers = subscribers;
    this.detailed = subscribers.some((subscriber) => subscriber.detailed);
    // While a reload replaces tracing there are two tracers for a moment. New traces begin at the newer one.
    this.tracer = subscribers.findLast((subscriber) => subscriber.tracer !== undefined)?.tracer;
  }
}
