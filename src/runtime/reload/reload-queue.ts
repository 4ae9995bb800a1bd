import type { ReloadCause, ReloadOutcome } from './outcome/reload-outcome.ts';

/** Runs reloads one after the other. Those that are asked for while one runs become one, which sees the latest config. */
export class ReloadQueue {
  readonly #run: (cause: ReloadCause) => Promise<ReloadOutcome>;
  #running: Promise<ReloadOutcome> | undefined;
  #next: Promise<ReloadOutcome> | undefined;
  #nextCause: ReloadCause | undefined;

  /** @param run runs one reload; it must not reject */
  constructor(run: (cause: ReloadCause) => Promise<ReloadOutcome>) {
    this.#run = run;
  }

  /** Resolves with the outcome of a reload that begins after this call. */
  reload(cause: ReloadCause): Promise<ReloadOutcome> {
    if (this.#running === undefined) return this.#begin(cause);
    this.#nextCause = widerOf(this.#nextCause, cause);
    this.#next ??= this.#running.then(() => {
      const widest = this.#nextCause ?? cause;
      this.#next = undefined;
      this.#nextCause = undefined;
      return this.#begin(widest);
    });
    return this.#next;
  }

  #begin(cause: ReloadCause): Promise<ReloadOutcome> {
    const running = this.#run(cause).finally(() => {
      if (this.#next === undefined) this.#running = undefined;
    });
    this.#running = running;
    return running;
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
