import { Worker } from 'node:worker_threads';
import { BalanceError, messageOf, systemCodeOf } from '../../errors.ts';
import { ConfigError } from './config-error.ts';
import type { LoadOptions, LoadResult } from './loaded-config.ts';
import type { RulesModules } from './import-rules.ts';
import type { PluginSettings } from './plugin-settings.ts';
import { formatDuration } from '../values/units.ts';
import type { LoadAnswer, LoadRequest } from './load-messages.ts';

/** The thread failed, or could not be started. */
export class ThreadFailure extends BalanceError {
  /** True when the load itself took too much time or memory, so that it must not be tried again in the thread of the proxy. */
  readonly byLoad: boolean;

  constructor(message: string, byLoad: boolean, cause?: unknown) {
    super('internal', message, { origin: 'internal', cause });
    this.name = 'ThreadFailure';
    this.byLoad = byLoad;
  }
}

interface PendingLoad {
  readonly options: LoadOptions;
  readonly resolve: (result: LoadResult) => void;
  readonly reject: (error: unknown) => void;
  /** Ends the thread when it does not answer in time. */
  timer: NodeJS.Timeout | undefined;
}

/** How much memory a load may take; far more than the largest config needs. */
const MAX_HEAP_MB = 1024;

/** One worker thread that loads configs. It keeps the process alive only while it loads one. */
export class LoadThread {
  readonly #worker: Worker;
  readonly #timeoutMs: number;
  readonly #pending = new Map<number, PendingLoad>();
  #lastId = 0;
  #failure: ThreadFailure | undefined;

  /**
   * Throws when the thread can't be started.
   * @param timeoutMs How long the thread may work on one load without a message.
   * @param rules Modules with the rules of protocols, which the thread imports.
   */
  constructor(file: URL, timeoutMs: number, rules: RulesModules) {
    this.#timeoutMs = timeoutMs;
    this.#worker = new Worker(file, {
      workerData: rules,
      name: 'config',
      env: {},
      // Without the flags of the process, such as those of a debugger.
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB },
    });
    this.#worker.unref();
    this.#worker.on('message', (answer: LoadAnswer) => this.#take(answer));
    this.#worker.on('error', (error) => this.#fail(failureOf(error)));
    this.#worker.on('messageerror', (error) => this.#fail(failureOf(error)));
    this.#worker.on('exit', (code) => this.#fail(new ThreadFailure(`it ended with ${code}`, false)));
  }

  get isUsable(): boolean {
    return this.#failure === undefined;
  }

  get isIdle(): boolean {
    return this.#pending.size === 0;
  }

  /** Rejects with a ConfigError that holds all problems, or with a {@link ThreadFailure}. */
  load(file: string, options: LoadOptions): Promise<LoadResult> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#lastId += 1;
      const id = this.#lastId;
      const pending: PendingLoad = { options, resolve, reject, timer: undefined };
      this.#pending.set(id, pending);
      this.#worker.ref();
      this.#expectAnswer(pending);
      const { text, filesInUse } = options;
      const request: LoadRequest = { kind: 'load', id, file, env: { ...options.env }, text, filesInUse };
      this.#worker.postMessage(request);
    });
  }

  /** Ends the thread now. Loads that run are rejected. */
  async destroy(): Promise<void> {
    this.#fail(new ThreadFailure('it was ended', true));
    await this.#worker.terminate();
  }

  #take(answer: LoadAnswer): void {
    const { id } = answer;
    const pending = this.#pending.get(id);
    if (pending === undefined) return;
    clearTimeout(pending.timer);
    if (answer.kind === 'modes') {
      void this.#answerModes(id, pending, answer.settings);
      return;
    }
    this.#forget(id);
    if (answer.kind === 'loaded') pending.resolve(answer.result);
    else if (answer.kind === 'refused') {
      pending.reject(new ConfigError(answer.problems, { sources: answer.sources }));
    } else pending.reject(new BalanceError('internal', answer.message));
  }

  async #answerModes(id: number, pending: PendingLoad, settings: PluginSettings): Promise<void> {
    const { modes } = pending.options;
    try {
      const names = typeof modes === 'function' ? await modes(settings) : modes;
      if (!this.#pending.has(id)) return;
      this.#expectAnswer(pending);
      this.#worker.postMessage({ kind: 'modes', id, modes: names } satisfies LoadRequest);
    } catch (error) {
      if (!this.#pending.has(id)) return;
      this.#forget(id);
      this.#worker.postMessage({ kind: 'modes', id, modes: undefined } satisfies LoadRequest);
      pending.reject(error);
    }
  }

  #expectAnswer(pending: PendingLoad): void {
    pending.timer = setTimeout(() => {
      this.#fail(new ThreadFailure(`it took longer than ${formatDuration(this.#timeoutMs)}`, true));
      void this.#worker.terminate();
    }, this.#timeoutMs);
  }

  #forget(id: number): void {
    this.#pending.delete(id);
    if (this.isIdle) this.#worker.unref();
  }

  #fail(failure: ThreadFailure): void {
    this.#failure ??= failure;
    for (const [id, { reject, timer }] of this.#pending) {
      clearTimeout(timer);
      this.#forget(id);
      reject(this.#failure);
    }
  }
}

function failureOf(error: unknown): ThreadFailure {
  if (systemCodeOf(error) === 'ERR_WORKER_OUT_OF_MEMORY')
    return new ThreadFailure(`it needs more than ${MAX_HEAP_MB} MB of memory`, true, error);
  return new ThreadFailure(messageOf(error), false, error);
}
