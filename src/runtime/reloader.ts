import { messageOf } from '../errors.ts';
import type { Logger } from '../plugin-api/index.ts';

/** What became of a reload. */
export interface ReloadOutcome {
  readonly ok: boolean;
  /** What changed, or why nothing did. */
  readonly message: string;
}

/** Counts of reloads; the first load is none. */
export interface ReloadCounts {
  readonly succeeded: number;
  readonly failed: number;
  readonly lastSucceeded: boolean;
}

/** Runs reloads one after the other; those that are asked for while one runs become one, which sees the latest config. */
export class Reloader {
  readonly #apply: () => Promise<string>;
  readonly #logger: Logger;
  #running: Promise<ReloadOutcome> | undefined;
  #next: Promise<ReloadOutcome> | undefined;
  #succeeded = 0;
  #failed = 0;
  #lastSucceeded = true;

  /** `apply` loads and applies the config; resolves with what changed, rejects when nothing did. */
  constructor(apply: () => Promise<string>, logger: Logger) {
    this.#apply = apply;
    this.#logger = logger;
  }

  get counts(): ReloadCounts {
    return { succeeded: this.#succeeded, failed: this.#failed, lastSucceeded: this.#lastSucceeded };
  }

  reload(): Promise<ReloadOutcome> {
    if (this.#running === undefined) {
      this.#running = this.#run();
      return this.#running;
    }
    this.#next ??= this.#running.then(() => {
      this.#next = undefined;
      this.#running = this.#run();
      return this.#running;
    });
    return this.#next;
  }

  async #run(): Promise<ReloadOutcome> {
    try {
      const message = await this.#apply();
      this.#succeeded += 1;
      this.#lastSucceeded = true;
      this.#logger.info('config reloaded', { changes: message });
      return { ok: true, message };
    } catch (error) {
      this.#failed += 1;
      this.#lastSucceeded = false;
      const message = messageOf(error);
      this.#logger.error('config not reloaded, the running one stays', { reason: message });
      return { ok: false, message };
    } finally {
      if (this.#next === undefined) this.#running = undefined;
    }
  }
}
