import type { WatchErrors } from '../../../config/schema/config.generated.ts';
import type { ExchangeRecord, TunnelRecord } from '../../../plugin-api/index.ts';
import type { CountedTraffic } from '../../../readings/traffic.ts';
import { exchangeFailed, tunnelFailed } from './traffic-failures.ts';

/** The supervisor looks at a trial so often within its window. */
const LOOKS = 20;
const MOST_MS = 500;
const LEAST_MS = 50;

/** Where {@link TrafficTally} gets each exchange and tunnel that ends in its thread. */
export interface ThreadRecords {
  /** Hands over each record from now on; returns what ends that. */
  subscribe(subscriber: ThreadSubscriber): () => void;
}

export interface ThreadSubscriber {
  readonly detailed: boolean;
  exchange(record: ExchangeRecord): void;
  tunnel(record: TunnelRecord): void;
}

/**
 * Counts for the automatic rollback what ends in a worker, and reports it a few times a second. Nothing is counted while the config does not
 * ask for a rollback.
 */
export class TrafficTally implements ThreadSubscriber {
  readonly detailed = false;
  readonly #records: ThreadRecords;
  readonly #report: (traffic: CountedTraffic) => void;
  readonly #all = { exchanges: 0, failed: 0 };
  readonly #begun = { exchanges: 0, failed: 0 };
  #hash = '';
  /** When the live config went live, by `performance.now`. */
  #beganAtMs = 0;
  #timer: NodeJS.Timeout | undefined;
  #unsubscribe: (() => void) | undefined;

  constructor(records: ThreadRecords, report: (traffic: CountedTraffic) => void) {
    this.#records = records;
    this.#report = report;
  }

  /** A config went live. */
  follow(settings: WatchErrors | undefined, hash: string): void {
    this.#tell();
    // With other plugins alone the config stays the one that it was.
    if (hash !== this.#hash) this.#beganAtMs = performance.now();
    this.#hash = hash;
    clearInterval(this.#timer);
    if (settings === undefined) {
      this.destroy();
      return;
    }
    this.#unsubscribe ??= this.#records.subscribe(this);
    const everyMs = Math.max(LEAST_MS, Math.min(MOST_MS, settings.window / LOOKS));
    this.#timer = setInterval(() => {
      this.#tell();
    }, everyMs).unref();
  }

  exchange(record: ExchangeRecord): void {
    this.#count(record.durationMs, exchangeFailed(record));
  }

  tunnel(record: TunnelRecord): void {
    this.#count(record.durationMs, tunnelFailed(record));
  }

  /** Counts nothing any more. */
  destroy(): void {
    clearInterval(this.#timer);
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
  }

  #count(durationMs: number, failed: boolean): void {
    add(this.#all, failed);
    if (performance.now() - durationMs >= this.#beganAtMs) add(this.#begun, failed);
  }

  #tell(): void {
    if (this.#all.exchanges === 0) return;
    this.#report({ ...this.#all, hash: this.#hash, begun: { ...this.#begun } });
    Object.assign(this.#all, { exchanges: 0, failed: 0 });
    Object.assign(this.#begun, { exchanges: 0, failed: 0 });
  }
}

function add(count: { exchanges: number; failed: number }, failed: boolean): void {
  count.exchanges += 1;
  if (failed) count.failed += 1;
}
