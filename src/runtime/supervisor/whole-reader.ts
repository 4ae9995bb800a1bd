import { BalanceError } from '../../errors.ts';
import type { HealthReport } from '../../plugin-api/index.ts';
import type { BackendsReading, PoolsReading } from '../../readings/backend.ts';
import type { ConnectionsQuery, ConnectionsReading } from '../../readings/connection.ts';
import type { ProxyReadings, RunningReading } from '../../readings/proxy.ts';
import type { DrainRest } from '../control/drain-watch.ts';
import type { ExplainQuestion } from '../explain/explain-question.ts';
import type { Explanation } from '../explain/explanation.ts';
import { mergeBackends, mergePools } from './merge/merge-backends.ts';
import { mergeConnections } from './merge/merge-connections.ts';
import { mergeReadings } from './merge/merge-readings.ts';
import { mergeRunning } from './merge/merge-running.ts';
import type { WorkerQuestions } from './messages.ts';
import type { AnswerOf, Ask } from './thread-messages.ts';
import type { WorkerLife } from './worker-life.ts';

/** A reading never waits longer for a worker. */
const ANSWER_LIMIT_MS = 1_000;

type Kind = keyof WorkerQuestions;

/** Answers of the workers, and the numbers of those that did not answer. */
interface AllAnswers<Answer> {
  readonly answers: readonly { readonly worker: number; readonly answer: Answer }[];
  readonly unanswered: readonly number[];
}

/** Reads all workers as one. */
export class WholeReader {
  readonly #workers: readonly WorkerLife[];
  /** Which worker is asked next about what all have alike. */
  #turn = 0;

  constructor(workers: readonly WorkerLife[]) {
    this.#workers = workers;
  }

  async readings(): Promise<ProxyReadings> {
    return this.#whole({ kind: 'readings' }, mergeReadings);
  }

  running(): Promise<RunningReading> {
    return this.#whole({ kind: 'running' }, mergeRunning);
  }

  backends(): Promise<BackendsReading> {
    return this.#whole({ kind: 'backends' }, mergeBackends);
  }

  pools(): Promise<PoolsReading> {
    return this.#whole({ kind: 'pools' }, mergePools);
  }

  async connections(query: ConnectionsQuery): Promise<ConnectionsReading> {
    const { answers, unanswered } = await this.#askAll({ kind: 'connections', query });
    const all = answers.map(({ worker, answer: reading }) => ({ worker, reading }));
    return { ...mergeConnections(all, query.limit), unanswered };
  }

  /** All workers say the same, so any of them is asked. */
  health(): Promise<HealthReport> {
    return this.#askOne({ kind: 'health' });
  }

  /** The state of balancers is that of one worker; the workers are asked in turn. */
  explain(question: ExplainQuestion): Promise<Explanation | undefined> {
    return this.#askOne({ kind: 'explain', question });
  }

  /** What a shutdown waits for, by listener. Never rejects: a worker that does not answer stands for itself. */
  async drainRests(): Promise<readonly DrainRest[]> {
    const { answers, unanswered } = await this.#askAll({ kind: 'drain-rests' });
    const byListener = new Map<string, DrainRest>();
    for (const rest of answers.flatMap(({ answer }) => answer)) {
      const before = byListener.get(rest.listener);
      byListener.set(rest.listener, before === undefined ? rest : sumOf(before, rest));
    }
    const silent = this.#workers.filter(({ number }) => unanswered.includes(number));
    for (const worker of silent) {
      const { connections } = worker.read();
      const listener = `worker ${worker.number}, which does not answer`;
      byListener.set(listener, { listener, connections, requests: 0, tunnels: 0 });
    }
    return [...byListener.values()];
  }

  /** Rejects when no worker answers. */
  async #whole<K extends Kind>(
    ask: Ask<WorkerQuestions, K>,
    merge: (answers: readonly AnswerOf<WorkerQuestions, K>[]) => AnswerOf<WorkerQuestions, K> | undefined,
  ): Promise<AnswerOf<WorkerQuestions, K>> {
    const { answers, unanswered } = await this.#askAll(ask);
    const whole = merge(answers.map(({ answer }) => answer));
    if (whole === undefined) throw unreachable();
    return { ...whole, unanswered };
  }

  async #askAll<K extends Kind>(
    ask: Ask<WorkerQuestions, K>,
  ): Promise<AllAnswers<AnswerOf<WorkerQuestions, K>>> {
    const asked = await Promise.allSettled(this.#workers.map((worker) => worker.ask(ask, ANSWER_LIMIT_MS)));
    return {
      answers: this.#workers.flatMap(({ number }, index) => {
        const result = asked[index];
        return result?.status === 'fulfilled' ? [{ worker: number, answer: result.value }] : [];
      }),
      unanswered: this.#workers
        .filter((_, index) => asked[index]?.status === 'rejected')
        .map(({ number }) => number),
    };
  }

  /** Asks the next worker that serves; when it can't be reached, the one after it. What it refuses counts. */
  async #askOne<K extends Kind>(ask: Ask<WorkerQuestions, K>): Promise<AnswerOf<WorkerQuestions, K>> {
    this.#turn += 1;
    const inTurn = this.#workers.map(
      (_, index) => this.#workers[(this.#turn + index) % this.#workers.length],
    );
    let failure: unknown = unreachable();
    for (const worker of inTurn) {
      if (worker?.state !== 'serving') continue;
      try {
        return await worker.ask(ask, ANSWER_LIMIT_MS);
      } catch (error) {
        failure = error;
        const isOut = error instanceof BalanceError && NOT_REACHED.has(error.code);
        if (!isOut) throw error;
      }
    }
    throw failure;
  }
}

const NOT_REACHED: ReadonlySet<string> = new Set(['worker_gone', 'worker_hung']);

function unreachable(): BalanceError {
  return new BalanceError('worker_gone', 'no worker serves at the moment');
}

function sumOf(one: DrainRest, other: DrainRest): DrainRest {
  return {
    listener: one.listener,
    connections: one.connections + other.connections,
    requests: one.requests + other.requests,
    tunnels: one.tunnels + other.tunnels,
  };
}
