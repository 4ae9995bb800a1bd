import { BalanceError } from '../../errors.ts';
import type { CommitReport, GenerationSource } from '../control/proxy-control.ts';
import type { AnswerOf, Ask } from './thread-messages.ts';
import type { WorkerQuestions } from './messages.ts';
import type { WorkerLife } from './worker-life.ts';
import { sendSource } from './send-source.ts';
import { veto, type Refusal } from './veto.ts';

/** A worker whose event loop turns gives its first sign within this time. */
const SIGN_LIMIT_MS = 2_000;
/** Later than this, a worker that swaps is late. */
const COMMIT_LIMIT_MS = 1_000;
/** What prepares must not keep later edits waiting for ever. The supervisor has a limit of its own, which is shorter. */
const PREPARE_LIMIT_MS = 300_000;
const ABORT_LIMIT_MS = 60_000;

type Kind = keyof WorkerQuestions;

/** One generation on its way through all workers that serve at its beginning. */
export class GenerationRound {
  readonly id: number;
  readonly source: GenerationSource;
  readonly #workers: readonly WorkerLife[];

  /** @param workers those that serve now */
  constructor(id: number, source: GenerationSource, workers: readonly WorkerLife[]) {
    this.id = id;
    this.source = source;
    this.#workers = workers;
  }

  /** First phase. Rejects with the veto of the first worker that refuses. */
  async prepare(): Promise<void> {
    const { id: generation, source } = this;
    // A worker whose event loop stands still is known at once, and does not keep an edit waiting for the time that a large one may take.
    await this.ask({ kind: 'ping' }, SIGN_LIMIT_MS);
    await sendSource((ask, limitMs) => this.ask(ask, limitMs), generation, source, PREPARE_LIMIT_MS);
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

  /** Second phase. Never rejects: a worker that has ended meanwhile is replaced by one that builds this generation. */
  async commit(): Promise<CommitReport> {
    const swaps = await Promise.all(this.#workers.map((worker) => this.#swap(worker)));
    const times = swaps.filter((swap) => typeof swap === 'number');
    const late = this.#workers.filter((_, index) => swaps[index] === 'late').map(({ number }) => number);
    return { skewMs: times.length === 0 ? 0 : Math.max(...times) - Math.min(...times), late };
  }

  /** Resolves when every worker has taken it back, or has ended. */
  async abort(): Promise<void> {
    const { id: generation } = this;
    await Promise.allSettled(
      this.#workers.map((worker) => worker.ask({ kind: 'abort', generation }, ABORT_LIMIT_MS)),
    );
  }

  async #swap(worker: WorkerLife): Promise<number | 'late' | 'gone'> {
    try {
      const ask = { kind: 'commit', generation: this.id } as const;
      return (await worker.ask(ask, COMMIT_LIMIT_MS)).swappedAtMs;
    } catch (error) {
      return error instanceof BalanceError && error.code === 'worker_gone' ? 'gone' : 'late';
    }
  }
}
