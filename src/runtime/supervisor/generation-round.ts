import { BalanceError, messageOf } from '../../errors.ts';
import { withTimeout } from '../../time/with-timeout.ts';
import type { CommitReport } from '../control/proxy-control.ts';
import type { AnswerOf, Ask } from './link/thread-messages.ts';
import type { WorkerQuestions } from './link/messages.ts';
import type { WorkerLife } from './life/worker-life.ts';
import { HUNG_ADVICE } from './life/hang-watch.ts';
import { sendSource, type SharedGeneration } from './link/send-source.ts';
import { veto, type Refusal } from './link/veto.ts';

/** A worker whose event loop turns gives its first sign within this time. */
const SIGN_LIMIT_MS = 2_000;
/** Later than this, a worker that swaps is late. */
const COMMIT_LIMIT_MS = 1_000;
/** A worker that hangs while it prepares must not keep later edits waiting for ever. Plugins have limits of their own, which are shorter. */
const PREPARE_LIMIT_MS = 300_000;

type Kind = keyof WorkerQuestions;

/** A worker that takes part in a round. */
type RoundWorker = Pick<WorkerLife, 'number' | 'ask' | 'replace'>;

/** One generation on its way through all workers that serve at its beginning. */
export class GenerationRound {
  readonly generation: SharedGeneration;
  readonly #workers: readonly RoundWorker[];

  /** @param workers those that serve now */
  constructor(generation: SharedGeneration, workers: readonly RoundWorker[]) {
    this.generation = generation;
    this.#workers = workers;
  }

  /** First phase. Rejects with the veto of the first worker that refuses. */
  async prepare(): Promise<void> {
    // A worker whose event loop stands still is known at once, and does not keep an edit waiting for the time that a large one may take.
    try {
      await this.ask({ kind: 'ping' }, SIGN_LIMIT_MS);
    } catch (error) {
      if (!(error instanceof BalanceError) || error.code !== 'worker_hung') throw error;
      throw new BalanceError('worker_hung', `${error.message}: ${HUNG_ADVICE}`);
    }
    await sendSource((ask, limitMs) => this.ask(ask, limitMs), this.generation, PREPARE_LIMIT_MS);
  }

  /** Asks all workers of the round. Rejects with the veto of the first one that refuses, when all have answered. */
  async ask<K extends Kind>(
    ask: Ask<WorkerQuestions, K>,
    limitMs: number,
  ): Promise<readonly AnswerOf<WorkerQuestions, K>[]> {
    const settled = await Promise.allSettled(this.#workers.map((worker) => worker.ask(ask, limitMs)));
    const answers: AnswerOf<WorkerQuestions, K>[] = [];
    const refusals: Refusal[] = [];
    for (const [index, result] of settled.entries()) {
      const worker = this.#workers[index]?.number ?? 0;
      if (result.status === 'fulfilled') answers.push(result.value);
      else refusals.push({ worker, error: result.reason });
    }
    if (refusals.length > 0) throw veto(refusals, this.#workers.length);
    return answers;
  }

  /**
   * Second phase, which never fails: a worker that has ended meanwhile is replaced by one that builds this generation. So is one that
   * refuses, as it would serve the generation before for ever.
   */
  commit(): { readonly report: Promise<CommitReport>; readonly over: Promise<unknown> } {
    const swaps = new Map<RoundWorker, number | undefined>();
    const swapped = this.#workers.map(async (worker) => {
      // A worker that has ended, or is about to be replaced, is not late.
      swaps.set(worker, await this.#swap(worker).catch(() => undefined));
    });
    const over = Promise.all(swapped);
    const inTime = withTimeout(over, { limitMs: COMMIT_LIMIT_MS, expired: () => [] });
    return { over, report: inTime.then(() => this.#report(swaps)) };
  }

  /** Resolves when every worker has taken it back, or has ended. */
  async abort(): Promise<void> {
    const { id: generation } = this.generation;
    await Promise.allSettled(this.#workers.map((worker) => worker.ask({ kind: 'abort', generation })));
  }

  /** Returns when it swapped. Rejects when it has ended, or was ended because it refused. */
  async #swap(worker: RoundWorker): Promise<number> {
    const { id: generation } = this.generation;
    try {
      const { swappedAtMs } = await worker.ask({ kind: 'commit', generation });
      return swappedAtMs;
    } catch (error) {
      const isGone = error instanceof BalanceError && error.code === 'worker_gone';
      const message = `it refused to swap to generation ${generation}: ${messageOf(error)}`;
      if (!isGone) await worker.replace({ reason: 'exception', message });
      throw error;
    }
  }

  #report(swaps: ReadonlyMap<RoundWorker, number | undefined>): CommitReport {
    const times = [...swaps.values()].filter((time) => time !== undefined);
    return {
      skewMs: times.length === 0 ? 0 : inMicroseconds(Math.max(...times) - Math.min(...times)),
      late: this.#workers.filter((worker) => !swaps.has(worker)).map(({ number }) => number),
    };
  }
}

/** The digits after those of a microsecond mean nothing. */
function inMicroseconds(ms: number): number {
  return Math.round(ms * 1_000) / 1_000;
}
