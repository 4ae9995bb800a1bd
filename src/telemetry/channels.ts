import type { Tracer } from '../plugin-api/tracing.ts';
import type { ExchangeRecord, TelemetrySink, TunnelRecord } from '../plugin-api/telemetry.ts';
import { FaultTally } from './fault-tally.ts';

/** One health check, published at its end. */
export interface HealthCheckRecord {
  /** Name of the backend. */
  readonly backend: string;
  readonly passed: boolean;
  readonly durationMs: number;
}

/** How a wait for a backend below its connection limit ended. */
export type QueueOutcome = 'served' | 'timeout' | 'pool_timeout' | 'left' | 'refused';

/** Someone who waited for a backend below its limit, or was refused because too many waited; published at the end of it. */
export interface QueueRecord {
  /** Name of the upstream. */
  readonly upstream: string;
  readonly outcome: QueueOutcome;
  readonly waitedMs: number;
}

/** Someone who wants every record: metrics, the access log, tracing. Called synchronously, so it must be quick. */
export interface TelemetrySubscriber {
  /** True when it reads the descriptive fields of records (path, user agent …). Constant. */
  readonly detailed: boolean;
  /** Begins the traces that it reports. Constant. */
  readonly tracer?: Tracer | undefined;
  exchange(record: ExchangeRecord): void;
  tunnel(record: TunnelRecord): void;
  healthCheck?(record: HealthCheckRecord): void;
  queue?(record: QueueRecord): void;
}

/** How often it is told at the most that subscribers fail. */
const TOLD_INTERVAL_MS = 60_000;

/** Hands each record to all subscribers. A subscriber that throws is counted and never seen by the data path. */
export class Telemetry implements TelemetrySink {
  // Plain fields, because protocols read them at each request.
  detailed = false;
  tracer: Tracer | undefined = undefined;
  /** Replaced, never changed: a subscriber may leave while a record is handed around. */
  #subscribers: readonly TelemetrySubscriber[] = [];
  readonly #faults = new FaultTally();
  #failures = 0;
  #toldAtMs = Number.NEGATIVE_INFINITY;
  readonly #tell: (error: unknown, failures: number) => void;

  /** `tell` hears of a call that threw, and of how many did so far; not of every one. */
  constructor(tell: (error: unknown, failures: number) => void = () => undefined) {
    this.#tell = tell;
  }

  /** Calls that threw, since the start. */
  get failures(): number {
    return this.#failures;
  }

  /** Returns what ends the subscription. Calling that twice does nothing more. */
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
    // Without a closure, as it is called once a request.
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

  /** How often each plugin failed where it must not, since the start. */
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
    // The newest one's: while a reload replaces tracing, the old one still reports what it began.
    this.tracer = subscribers.findLast((subscriber) => subscriber.tracer !== undefined)?.tracer;
  }
}
