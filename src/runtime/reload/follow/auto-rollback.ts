import type { LoadedConfig } from '../../../config/load/loaded-config.ts';
import type { WatchErrors } from '../../../config/schema/config.generated.ts';
import { isEqual } from '../../../config/values/is-equal.ts';
import type { ExchangeRecord, Logger, TunnelRecord } from '../../../plugin-api/index.ts';
import type { CountedTraffic } from '../../../readings/traffic.ts';
import type { Reloads, ReloadSource } from '../outcome/reload-outcome.ts';
import { exchangeFailed, tunnelFailed } from './traffic-failures.ts';

/** With fewer exchanges than these the share of failures says nothing. */
const LEAST_EXCHANGES = 20;
/** How often a trial is looked at within its window. */
const LOOKS = 20;
const SHORTEST_LOOK_MS = 50;
/** A config under which so many workers end in this time has failed its trial. On a slow machine a worker needs seconds to begin anew. */
const MOST_CRASHES = 3;
const CRASHES_WITHIN_MS = 30_000;
/** A rollback is refused when a worker ends meanwhile, as workers that crash may. */
const ROLLBACK_TRIES = 10;
const TRY_AGAIN_MS = 500;
/** The past is counted in so many parts of a window. */
const SLOTS = 10;

/** Where {@link AutoRollback} gets each exchange and tunnel that ends. */
export interface TrafficRecords {
  /** Hands over each record from now on; returns what ends that. */
  subscribe(subscriber: TrafficSubscriber): () => void;
}

export interface TrafficSubscriber {
  readonly detailed: boolean;
  exchange(record: ExchangeRecord): void;
  tunnel(record: TunnelRecord): void;
  /** What workers have counted. */
  counted(traffic: CountedTraffic): void;
  /** A worker ended that was not to end. */
  crashed(): void;
}

export interface AutoRollbackOptions {
  readonly records: TrafficRecords;
  /** Where the rollback is asked for. */
  readonly reloads: Reloads;
  readonly logger: Logger;
}

/** A config that is on trial. */
interface Trial {
  readonly settings: WatchErrors;
  /** Of the config. */
  readonly hash: string;
  /** What is made live again when the trial fails. */
  readonly previous: LoadedConfig;
  readonly beganAtMs: number;
  /** The share of exchanges that failed before the trial. */
  readonly before: number;
  readonly timer: NodeJS.Timeout;
  exchanges: number;
  failed: number;
  crashes: number;
}

/**
 * Takes an edit back by itself when the requests that begin after it fail more often than `reload.watch_errors` allows, and
 * more often than the requests before it.
 */
export class AutoRollback implements TrafficSubscriber {
  readonly detailed = false;
  readonly #options: AutoRollbackOptions;
  #live: LoadedConfig | undefined;
  #settings: WatchErrors | undefined;
  #unsubscribe: (() => void) | undefined;
  #past = new RecentFailures(0);
  #trial: Trial | undefined;
  #isDestroyed = false;

  constructor(options: AutoRollbackOptions) {
    this.#options = options;
  }

  /** A config went live because of `source`: its trial begins, where it asks for one. */
  applied(loaded: LoadedConfig, source: ReloadSource): void {
    const previous = this.#live;
    this.#live = loaded;
    // Only plugins changed: the trial of the config goes on.
    if (previous?.hash === loaded.hash) return;
    this.#endTrial();
    const settings = loaded.config.reload.watch_errors;
    if (!isEqual(settings, this.#settings)) this.#follow(settings);
    // A config that a rollback made live again is not put on trial.
    if (settings === undefined || previous === undefined || source === 'guard') return;
    this.#begin(settings, loaded.hash, previous);
  }

  exchange(record: ExchangeRecord): void {
    this.#count(record.durationMs, exchangeFailed(record));
  }

  tunnel(record: TunnelRecord): void {
    this.#count(record.durationMs, tunnelFailed(record));
  }

  counted({ exchanges, failed, hash, begun }: CountedTraffic): void {
    this.#past.count(performance.now(), exchanges, failed);
    const trial = this.#trial;
    // A worker may report once more under the config before.
    if (trial?.hash !== hash) return;
    trial.exchanges += begun.exchanges;
    trial.failed += begun.failed;
  }

  crashed(): void {
    const trial = this.#trial;
    if (trial === undefined || performance.now() - trial.beganAtMs > CRASHES_WITHIN_MS) return;
    trial.crashes += 1;
    if (trial.crashes < MOST_CRASHES) return;
    this.#endTrial();
    void this.#rollBack(trial.previous, 'workers crash since then', { crashes: trial.crashes });
  }

  /** Ends the trial that runs, and counts nothing any more. */
  destroy(): void {
    this.#isDestroyed = true;
    this.#endTrial();
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
  }

  #follow(settings: WatchErrors | undefined): void {
    this.#settings = settings;
    this.#past = new RecentFailures(settings?.window ?? 0);
    if (settings === undefined) {
      this.#unsubscribe?.();
      this.#unsubscribe = undefined;
    } else this.#unsubscribe ??= this.#options.records.subscribe(this);
  }

  #count(durationMs: number, failed: boolean): void {
    const nowMs = performance.now();
    this.#past.count(nowMs, 1, failed ? 1 : 0);
    const trial = this.#trial;
    // An exchange that began before the edit says nothing about it.
    if (trial === undefined || nowMs - durationMs < trial.beganAtMs) return;
    trial.exchanges += 1;
    if (failed) trial.failed += 1;
  }

  #begin(settings: WatchErrors, hash: string, previous: LoadedConfig): void {
    const beganAtMs = performance.now();
    const timer = setInterval(
      () => {
        this.#look();
      },
      Math.max(SHORTEST_LOOK_MS, settings.window / LOOKS),
    ).unref();
    const before = this.#past.ratio(beganAtMs);
    const none = { exchanges: 0, failed: 0, crashes: 0 };
    this.#trial = { settings, hash, previous, beganAtMs, before, timer, ...none };
  }

  #look(): void {
    const trial = this.#trial;
    if (trial === undefined) return;
    const { settings, exchanges, failed, before, previous } = trial;
    const ratio = exchanges === 0 ? 0 : failed / exchanges;
    const isWorse = ratio > settings.max_error_ratio && ratio > before;
    if (exchanges >= LEAST_EXCHANGES && isWorse) {
      this.#endTrial();
      void this.#rollBack(previous, 'too many requests fail since then', {
        error_ratio: rounded(ratio),
        error_ratio_before: rounded(before),
        requests: exchanges,
      });
    } else if (performance.now() - trial.beganAtMs >= settings.window) this.#endTrial();
  }

  async #rollBack(
    previous: LoadedConfig,
    reason: string,
    measured: Readonly<Record<string, number>>,
  ): Promise<void> {
    const { logger, reloads } = this.#options;
    logger.error(`the edit is taken back: ${reason}`, measured);
    const failing = this.#live;
    for (let tries = 1; ; tries += 1) {
      const { ok, message } = await reloads.reload({ source: 'guard', restore: { loaded: previous } });
      if (ok) return;
      if (tries === ROLLBACK_TRIES) {
        logger.error('the edit could not be taken back', { reason: message });
        return;
      }
      await new Promise((resolve) => void setTimeout(resolve, TRY_AGAIN_MS).unref());
      // A later edit is not taken back.
      if (this.#live !== failing || this.#isDestroyed) return;
    }
  }

  #endTrial(): void {
    clearInterval(this.#trial?.timer);
    this.#trial = undefined;
  }
}

/** The exchanges of the last window, and how many of them failed. */
class RecentFailures {
  readonly #slotMs: number;
  /** Used in turn; `number` says which part of time a slot stands for. */
  readonly #slots = Array.from({ length: SLOTS }, () => ({ number: -1, exchanges: 0, failed: 0 }));

  constructor(windowMs: number) {
    this.#slotMs = Math.max(1, windowMs / SLOTS);
  }

  count(nowMs: number, exchanges: number, failed: number): void {
    const number = Math.floor(nowMs / this.#slotMs);
    const slot = this.#slots[number % SLOTS];
    if (slot === undefined) return;
    if (slot.number !== number) Object.assign(slot, { number, exchanges: 0, failed: 0 });
    slot.exchanges += exchanges;
    slot.failed += failed;
  }

  /** The share of the exchanges that failed; 0 when there were no exchanges. */
  ratio(nowMs: number): number {
    const oldest = Math.floor(nowMs / this.#slotMs) - SLOTS;
    let exchanges = 0;
    let failed = 0;
    for (const slot of this.#slots) {
      if (slot.number <= oldest) continue;
      exchanges += slot.exchanges;
      failed += slot.failed;
    }
    return exchanges === 0 ? 0 : failed / exchanges;
  }
}

function rounded(ratio: number): number {
  return Math.round(ratio * 1000) / 1000;
}
