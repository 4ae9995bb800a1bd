import { formatUptime } from '../../../config/values/units.ts';
import { BalanceError } from '../../../errors.ts';
import type { Logger } from '../../../plugin-api/index.ts';
import type { WorkerReading } from '../../../readings/workers/worker.ts';
import type { ThreadEnd } from './worker-thread.ts';

/** How often it looks. */
const LOOK_MS = 250;
/** When this thread itself was so late, the others may have had no processor either: they get until the next look. */
const LATE_MS = 1_000;

/** What an operator is told whose edit a worker keeps from going live. */
export const HUNG_ADVICE = 'nothing was changed (workers.replace_hung: true replaces such a worker)';

/** A worker that may hang. */
export interface WatchedWorker {
  readonly index: number;
  readonly number: number;
  read(): WorkerReading;
  /** Its event loop stands still, or turns again. */
  hangs(isHung: boolean): void;
  /** Ends it; another one takes its place. */
  replace(end: ThreadEnd): Promise<void>;
}

/** The section `workers` of the live config, as far as it is about workers that hang. */
export interface HangSettings {
  /** A worker whose event loop did not turn for so long hangs, in ms. */
  readonly hang_timeout: number;
  /** Whether such a worker is replaced. Its connections end. */
  readonly replace_hung: boolean;
}

export interface HangWatchOptions {
  readonly workers: readonly WatchedWorker[];
  readonly logger: Logger;
  /** Hears of a worker that hangs, or does not any more. */
  readonly changed: (worker: number, isHung: boolean) => void;
}

/** Notices workers whose event loop stands still, and replaces them if the config says so. */
export class HangWatch {
  readonly #options: HangWatchOptions;
  readonly #timer: NodeJS.Timeout;
  #settings: HangSettings | undefined;
  #lastLookMs = performance.now();

  constructor(options: HangWatchOptions) {
    this.#options = options;
    this.#timer = setInterval(() => {
      this.#look();
    }, LOOK_MS).unref();
  }

  /** A config went live. Before the first one nothing is watched. */
  apply(settings: HangSettings): void {
    this.#settings = settings;
  }

  destroy(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const nowMs = performance.now();
    const isLate = nowMs - this.#lastLookMs > LOOK_MS + LATE_MS;
    this.#lastLookMs = nowMs;
    if (isLate || this.#settings === undefined) return;
    for (const worker of this.#options.workers) this.#judge(worker, this.#settings);
  }

  #judge(worker: WatchedWorker, { hang_timeout: limitMs, replace_hung: isReplaced }: HangSettings): void {
    const { state, beatAgeMs, connections, utilization } = worker.read();
    const hangs = beatAgeMs > limitMs;
    const { logger, changed } = this.#options;
    if (state === 'serving' && hangs) {
      worker.hangs(true);
      changed(worker.index, true);
      logger.error('worker does not answer: its event loop stands still', {
        worker: worker.number,
        for_ms: beatAgeMs,
        connections,
        utilization: Number(utilization.toFixed(2)),
        advice: isReplaced ? undefined : 'workers.replace_hung: true replaces such a worker',
      });
    } else if (state === 'hung' && !hangs) {
      worker.hangs(false);
      changed(worker.index, false);
      logger.warn('worker answers again', { worker: worker.number });
      return;
    }
    // Also when an edit allows it later.
    if (hangs && isReplaced && (state === 'serving' || state === 'hung'))
      void worker.replace(hungEnd(worker.read()));
  }
}

/** Why a worker that hangs is ended. */
export function hungEnd({ beatAgeMs }: WorkerReading): ThreadEnd {
  return { reason: 'hung', message: `its event loop stood still for ${formatUptime(beatAgeMs)}` };
}

/** Why an edit is refused while a worker hangs. */
export function hangs(worker: string, forMs: number): BalanceError {
  return new BalanceError(
    'worker_hung',
    `${worker} does not answer for ${formatUptime(forMs)}: ${HUNG_ADVICE}`,
  );
}

/** Why an edit is refused when a worker that hangs can't be replaced either. */
export function stuck(worker: string): BalanceError {
  const message = `${worker} hangs and can not be ended, as a call of the system holds its thread: nothing was changed`;
  return new BalanceError('worker_hung', message);
}
