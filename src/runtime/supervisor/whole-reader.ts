import { BalanceError } from '../../errors.ts';
import { runtimeWays } from '../../net/node/runtime-ways.ts';
import type { HealthReport } from '../../plugin-api/index.ts';
import type { BackendsReading, PoolsReading } from '../../readings/upstreams/backend.ts';
import type { ConnectionsQuery, ConnectionsReading } from '../../readings/connection.ts';
import type { CounterReadings } from '../../readings/counts/counters.ts';
import type { ResourcesReading, ShortageCounts } from '../../readings/process.ts';
import type { KnownNames, RunningReading, ScrapeReading } from '../../readings/proxy.ts';
import type { DrainRest } from '../control/drain-watch.ts';
import type { GenerationSource } from '../control/proxy-control.ts';
import type { ExplainQuestion } from '../explain/explain-question.ts';
import type { Explanation } from '../explain/explanation.ts';
import { mergeBackends, mergePools } from './merge/merge-backends.ts';
import { mergeConnections } from './merge/merge-connections.ts';
import { sum } from './merge/merge-by-key.ts';
import { allNames, namesBeside, namesIn } from './merge/known-names.ts';
import { LastScrapes } from './merge/last-scrapes.ts';
import { mergeRunning } from './merge/merge-running.ts';
import type { WorkerQuestions } from './link/messages.ts';
import type { AnswerOf, Ask } from './link/thread-messages.ts';
import type { WorkerLife } from './life/worker-life.ts';

/** A reading never waits longer for a worker. */
const ANSWER_LIMIT_MS = 1_000;
/** What a worker counts in this time may be lost when it ends. */
const KEEP_INTERVAL_MS = 5_000;

type Kind = keyof WorkerQuestions;

/** Answers of the workers, and the numbers of those that did not answer. */
interface AllAnswers<Answer> {
  readonly answers: readonly { readonly worker: number; readonly answer: Answer }[];
  readonly unanswered: readonly number[];
}

const NO_SHORTAGES = { accept: 0, connect: 0, check: 0 };
/** The readings of a proxy none of whose workers has ever answered. */
const NOTHING_READ: ScrapeReading = {
  proxy: {
    generations: [],
    listeners: [],
    routes: [],
    backends: [],
    upstreams: [],
    queues: [],
    tunnels: [],
    hostNames: [],
    shortages: NO_SHORTAGES,
    openFilesLimit: undefined,
    unanswered: [],
  },
  counts: { counters: [], telemetry: [], runtimes: [] },
};

/** What the supervisor itself could not do, such as health checks, and the resources of the process. */
export interface OwnShortages {
  reading(): ResourcesReading;
  readonly counts: ShortageCounts;
  /** A worker could not do some work, which it has counted itself. */
  noteElsewhere(code: string, counts: ShortageCounts): void;
}

/** Reads all workers as one. */
export class WholeReader {
  readonly #workers: readonly WorkerLife[];
  readonly #own: OwnShortages;
  readonly #live: () => GenerationSource['config'] | undefined;
  /** Which worker is asked next about what all have alike. */
  #turn = 0;
  readonly #last = new LastScrapes();
  /** How often each worker has ended, by its number. */
  readonly #ends = new Map<number, number>();
  #timer: NodeJS.Timeout | undefined;

  /** @param live the live config; undefined before the first one */
  constructor(
    workers: readonly WorkerLife[],
    own: OwnShortages,
    live: () => GenerationSource['config'] | undefined,
  ) {
    this.#workers = workers;
    this.#own = own;
    this.#live = live;
  }

  /** A worker that does not answer is shown as it was last. */
  async readings(): Promise<ScrapeReading> {
    const kept = namesBeside(this.#last.names(), namesIn(this.#live()));
    const asked = await Promise.allSettled(this.#workers.map((worker) => this.#scrape(worker, kept)));
    const answered = new Set(asked.flatMap((one) => (one.status === 'fulfilled' ? one.value : [])));
    const unanswered = this.#workers.map(({ number }) => number).filter((number) => !answered.has(number));
    const whole = this.#last.read(answered) ?? NOTHING_READ;
    const shortages = sum(whole.proxy.shortages, this.#own.counts);
    return { ...whole, proxy: { ...whole.proxy, shortages, unanswered } };
  }

  /** The names in the live config, and those that a worker still shows. */
  known(): KnownNames {
    return allNames(namesIn(this.#live()), this.#last.names());
  }

  /** A worker ended. Returns what it had counted when it was read last. */
  ended(worker: number): CounterReadings | undefined {
    this.#ends.set(worker, (this.#ends.get(worker) ?? 0) + 1);
    return this.#last.ended(worker);
  }

  /** Reads the counts now and then, so that not all of them are lost with a worker that ends. Without metrics nothing is counted. */
  keepCounts(areOn: boolean): void {
    if (areOn === (this.#timer !== undefined)) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    if (!areOn) return;
    this.#timer = setInterval(() => {
      this.readings().catch(() => undefined);
    }, KEEP_INTERVAL_MS).unref();
  }

  async running(): Promise<RunningReading> {
    const running = whole(await this.#askAll({ kind: 'running' }), mergeRunning, this.#nothingRuns());
    const { resources } = running;
    return { ...running, resources: { ...resources, counts: sum(resources.counts, this.#own.counts) } };
  }

  async backends(): Promise<BackendsReading> {
    return whole(await this.#askAll({ kind: 'backends' }), mergeBackends, {
      backends: [],
      upstreams: [],
      unanswered: [],
    });
  }

  async pools(): Promise<PoolsReading> {
    return whole(await this.#askAll({ kind: 'pools' }), mergePools, { pools: [], unanswered: [] });
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

  /** Keeps what a worker counts as soon as it says it: others may answer later. Returns its number. */
  async #scrape(worker: WorkerLife, kept: KnownNames): Promise<number> {
    const { number } = worker;
    const ends = this.#ends.get(number);
    const scrape = await ask(worker, { kind: 'readings', kept });
    // What a worker had counted that has ended meanwhile is kept elsewhere: it must not count twice.
    if (this.#ends.get(number) === ends) this.#last.took(number, scrape);
    return number;
  }

  #nothingRuns(): RunningReading {
    return {
      startedAtMs: 0,
      generation: undefined,
      draining: [],
      listeners: [],
      resources: { ...this.#own.reading(), counts: NO_SHORTAGES },
      overload: undefined,
      // Descriptors for bursts come from the supervisor, without which there are no workers.
      runtimeWays: { ...runtimeWays(), acceptBursts: true },
      unanswered: [],
    };
  }

  async #askAll<K extends Kind>(
    question: Ask<WorkerQuestions, K>,
  ): Promise<AllAnswers<AnswerOf<WorkerQuestions, K>>> {
    const asked = await Promise.allSettled(this.#workers.map((worker) => ask(worker, question)));
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

  /** Asks the next worker that serves or drains; when it can't be reached, the one after it. What it refuses counts. */
  async #askOne<K extends Kind>(ask: Ask<WorkerQuestions, K>): Promise<AnswerOf<WorkerQuestions, K>> {
    this.#turn += 1;
    const inTurn = this.#workers.map(
      (_, index) => this.#workers[(this.#turn + index) % this.#workers.length],
    );
    let failure: unknown = unreachable();
    for (const worker of inTurn) {
      if (worker?.isPresent !== true || worker.state === 'hung') continue;
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

/** One that hangs is not waited for: what it does not answer now would only fill its queue. */
function ask<K extends Kind>(
  worker: WorkerLife,
  question: Ask<WorkerQuestions, K>,
): Promise<AnswerOf<WorkerQuestions, K>> {
  if (worker.state !== 'hung') return worker.ask(question, ANSWER_LIMIT_MS);
  return Promise.reject(new BalanceError('worker_hung', `worker ${worker.number} hangs`));
}

const NOT_REACHED: ReadonlySet<string> = new Set(['worker_gone', 'worker_hung']);

function unreachable(): BalanceError {
  return new BalanceError('worker_gone', 'no worker serves at the moment');
}

/** @param none the reading when no worker answers: that is when operators look */
function whole<T extends object>(
  { answers, unanswered }: AllAnswers<T>,
  merge: (answers: readonly T[]) => T | undefined,
  none: T,
): T {
  return { ...(merge(answers.map(({ answer }) => answer)) ?? none), unanswered };
}

function sumOf(one: DrainRest, other: DrainRest): DrainRest {
  return {
    listener: one.listener,
    connections: one.connections + other.connections,
    requests: one.requests + other.requests,
    tunnels: one.tunnels + other.tunnels,
  };
}
