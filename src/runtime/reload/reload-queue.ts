import type { ReloadCause, ReloadOutcome } from './outcome/reload-outcome.ts';

/** Runs reloads one after the other. Those that are asked for while one runs become one, which sees the latest config. */
export class ReloadQueue {
  readonly #run: (cause: ReloadCause) => Promise<ReloadOutcome>;
  /** Settles, without a rejection, when all work that was asked for is done; undefined while there is none. */
  #last: Promise<void> | undefined;
  #next: Promise<ReloadOutcome> | undefined;
  #nextCause: ReloadCause | undefined;

  /** @param run runs one reload; it must not reject */
  constructor(run: (cause: ReloadCause) => Promise<ReloadOutcome>) {
    this.#run = run;
  }

  /** Whether a reload waits for what runs. */
  get isWaiting(): boolean {
    return this.#next !== undefined;
  }

  /** Resolves with the outcome of a reload that begins after this call. */
  reload(cause: ReloadCause): Promise<ReloadOutcome> {
    if (this.#last === undefined) return this.exclusive(() => this.#run(cause));
    this.#nextCause = widerOf(this.#nextCause, cause);
    this.#next ??= this.exclusive(() => {
      const widest = this.#nextCause ?? cause;
      this.#next = undefined;
      this.#nextCause = undefined;
      return this.#run(widest);
    });
    return this.#next;
  }

  /** Does other work when no reload runs. Reloads that are asked for meanwhile wait. */
  exclusive<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last === undefined ? work() : this.#last.then(work);
    const done = (): void => {
      if (this.#last === settled) this.#last = undefined;
    };
    const settled: Promise<void> = result.then(done, done);
    this.#last = settled;
    return result;
  }
}

/**
 * One cause that stands for two. A reload for plugins alone would not read the config, so any other cause is wider. A rollback and an
 * edit contradict each other: the later one counts. What the watcher began may be put off, and what somebody asked for may not.
 */
function widerOf(asked: ReloadCause | undefined, cause: ReloadCause): ReloadCause {
  const eitherRestores =
    cause.restore !== undefined || (asked?.restore !== undefined && cause.source !== 'plugins');
  if (eitherRestores) return cause;
  if (asked === undefined || asked.source === 'plugins') return cause;
  return asked.source === 'file' && cause.source !== 'plugins' ? cause : asked;
}
