import { BalanceError, messageOf } from '../../../errors.ts';
import type { Logger } from '../../../plugin-api/index.ts';
import type {
  WorkerEnd,
  WorkerEndReason,
  WorkerReading,
  WorkerState,
} from '../../../readings/workers/worker.ts';
import { UtilizationWindow } from '../../../time/utilization-window.ts';
import { withTimeout } from '../../../time/with-timeout.ts';
import { RestartBackoff } from './restart-backoff.ts';
import type { WorkerQuestions } from '../link/messages.ts';
import type { AnswerOf, Ask, KindOf } from '../link/thread-messages.ts';
import type { ThreadEnd, WorkerThread } from './worker-thread.ts';

/** How long a thread may take from its start to its first answer. */
const START_LIMIT_MS = 30_000;
/** How long a thread may take to end by itself. */
const STOP_LIMIT_MS = 1_000;
/** The same when it is to end now: long enough for its last log lines, and short where its event loop stands still. */
const LAST_WORDS_LIMIT_MS = 250;

/** What a worker has written down about itself last. */
export interface LastBeat {
  readonly ageMs: number;
  readonly generation: number;
  readonly connections: number;
  readonly heapUsedBytes: number;
}

/** What a worker needs of those who make and use it. */
export interface LifeOptions {
  /** From 0 on. */
  readonly index: number;
  readonly logger: Logger;
  /** Starts a thread. `incarnation` is 0 for the first one, and grows with each replacement. */
  start(index: number, incarnation: number): WorkerThread;
  /** Brings a replacement to what the other workers serve. Rejects when that can't be. */
  join(life: WorkerLife, thread: WorkerThread): Promise<void>;
  /** A thread ended, and nothing of it runs any more. `wasAsked`: it was to end. */
  ended(index: number, end: ThreadEnd, wasAsked: boolean): void;
  lastBeat(index: number): LastBeat;
}

/** One worker by its number: its thread, and after that the threads that replace it. */
export class WorkerLife {
  readonly index: number;
  readonly #options: LifeOptions;
  readonly #logger: Logger;
  readonly #backoff = new RestartBackoff();
  readonly #restarts = new Map<WorkerEndReason, number>();
  readonly #stopped = new AbortController();
  #state: WorkerState = 'starting';
  #thread: WorkerThread | undefined;
  #utilization: UtilizationWindow | undefined;
  #lastEnd: WorkerEnd | undefined;
  #incarnation = 0;

  constructor(options: LifeOptions) {
    this.index = options.index;
    this.#options = options;
    this.#logger = options.logger;
  }

  /** As people see it. */
  get number(): number {
    return this.index + 1;
  }

  get state(): WorkerState {
    return this.#state;
  }

  /** Whether its thread takes part in what the workers do together. */
  get isPresent(): boolean {
    return this.#state === 'serving' || this.#state === 'hung' || this.#state === 'stopping';
  }

  /** Asks its thread, as `ThreadLink.ask`. Rejects with `worker_gone` while that takes no part in what the workers do together. */
  ask<Kind extends KindOf<WorkerQuestions>>(
    ask: Ask<WorkerQuestions, Kind>,
    limitMs?: number,
    signal?: AbortSignal,
  ): Promise<AnswerOf<WorkerQuestions, Kind>> {
    const link = this.isPresent ? this.#thread?.link : undefined;
    if (link !== undefined) return link.ask(ask, limitMs, signal);
    return Promise.reject(
      new BalanceError('worker_gone', `worker ${this.number} does not serve at the moment`),
    );
  }

  get thread(): WorkerThread | undefined {
    return this.#thread;
  }

  /** Starts its first thread. Resolves when that answers; rejects when it can't be started, and then nothing of it is left. */
  async start(): Promise<void> {
    const thread = this.#begin();
    try {
      await thread.link.ask({ kind: 'ping' }, START_LIMIT_MS);
    } catch (error) {
      await this.destroy();
      throw error;
    }
    this.serves();
    void this.#follow(thread);
  }

  /** From now on its thread takes part in what the workers do together. */
  serves(): void {
    if (this.#state === 'starting') this.#state = 'serving';
  }

  /** Its event loop stands still, or turns again. */
  hangs(isHung: boolean): void {
    if (this.#state === (isHung ? 'serving' : 'hung')) this.#state = isHung ? 'hung' : 'serving';
  }

  /** From now on it is not replaced when it ends. */
  stops(): void {
    this.#state = 'stopping';
    this.#stopped.abort();
  }

  /** Ends its thread, in its own way if that takes not too long. A thread that a call of the system holds ends with the process. */
  close(): Promise<void> {
    return this.#stop(STOP_LIMIT_MS);
  }

  /** Cuts what runs in its thread, and ends it as soon as it has said its last log lines. */
  destroy(): Promise<void> {
    return this.#stop(LAST_WORDS_LIMIT_MS);
  }

  /** Ends its thread now; another one takes its place. */
  replace(end: ThreadEnd): Promise<void> {
    return this.#thread?.destroy(end) ?? Promise.resolve();
  }

  read(): WorkerReading {
    const { ageMs, generation, connections, heapUsedBytes } = this.#options.lastBeat(this.index);
    const isThere = this.#thread !== undefined && this.#state !== 'restarting';
    return {
      id: this.number,
      state: this.#state,
      sinceMs: this.#thread?.startedAtMs ?? Date.now(),
      restarts: [...this.#restarts].map(([reason, count]) => ({ reason, count })),
      lastEnd: this.#lastEnd,
      connections: isThere ? connections : 0,
      utilization: this.#utilization?.read() ?? 0,
      generation: isThere ? generation : 0,
      beatAgeMs: isThere ? ageMs : 0,
      heapUsedBytes: isThere ? heapUsedBytes : undefined,
    };
  }

  async #stop(limitMs: number): Promise<void> {
    this.stops();
    const thread = this.#thread;
    if (thread === undefined) return;
    thread.link.say({ kind: 'stop-work' });
    const ended = thread.ended.then(() => true);
    if (await withTimeout(ended, { limitMs, expired: () => false })) return;
    void thread.destroy({ reason: 'terminated', message: 'the proxy ends' });
    await withTimeout(ended, { limitMs: STOP_LIMIT_MS, expired: () => false });
  }

  #begin(): WorkerThread {
    const thread = this.#options.start(this.index, this.#incarnation);
    this.#incarnation += 1;
    this.#thread = thread;
    this.#utilization = new UtilizationWindow(thread.worker.performance);
    return thread;
  }

  /** Waits for the end of a thread and replaces it, and each replacement again. */
  async #follow(first: WorkerThread): Promise<void> {
    let thread: WorkerThread | undefined = first;
    do {
      const waitMs: number = thread === undefined ? this.#backoff.ended(0) : await this.#afterEnd(thread);
      await pause(waitMs, this.#stopped.signal);
      thread = await this.#replacement();
    } while (!this.#stopped.signal.aborted);
  }

  /** A replacement that serves; undefined when it could not be had. */
  async #replacement(): Promise<WorkerThread | undefined> {
    if (this.#stopped.signal.aborted) return undefined;
    this.#state = 'starting';
    let thread: WorkerThread | undefined;
    try {
      thread = this.#begin();
      await thread.link.ask({ kind: 'ping' }, START_LIMIT_MS);
      await this.#options.join(this, thread);
      this.serves();
      this.#logger.info('worker serves again', { worker: this.number });
      return thread;
    } catch (error) {
      if (thread === undefined) {
        this.#logger.error('worker could not be started', { worker: this.number, error: messageOf(error) });
        return undefined;
      }
      // Its end is told with this reason, unless the thread has ended by itself and has a better one.
      await thread.destroy({ reason: 'exception', message: messageOf(error) });
      return thread;
    }
  }

  /** Returns how long a replacement waits, in ms. */
  async #afterEnd(thread: WorkerThread): Promise<number> {
    const end = await thread.ended;
    const { connections } = this.#options.lastBeat(this.index);
    const wasStopping = this.#stopped.signal.aborted;
    if (!wasStopping) this.#state = 'restarting';
    try {
      this.#options.ended(this.index, end, wasStopping);
    } catch (error) {
      const fields = { worker: this.number, error: messageOf(error) };
      this.#logger.error('what an ended worker held could not be given back', fields);
    }
    if (wasStopping) return 0;
    this.#lastEnd = { ...end, atMs: Date.now() };
    this.#restarts.set(end.reason, (this.#restarts.get(end.reason) ?? 0) + 1);
    const waitMs = this.#backoff.ended(thread.ageMs);
    this.#logger.error('worker ended, another one takes its place', {
      worker: this.number,
      reason: end.reason,
      error: end.message,
      connections_lost: connections,
      starts_in_ms: waitMs,
    });
    return waitMs;
  }
}

/** Ends early when the signal is aborted. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    if (signal.aborted) end();
    else signal.addEventListener('abort', end);
  });
}
