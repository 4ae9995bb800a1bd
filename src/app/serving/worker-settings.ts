import type { LoadedConfig } from '../../config/load/loaded-config.ts';
import type { Problem } from '../../config/problems/problem.ts';
import type { Workers } from '../../config/schema/config.generated.ts';
import type { PreparedChange, ReloadParticipant } from '../../runtime/reload/reload-participant.ts';
import { workerCount } from './worker-count.ts';

/** Warns of a number of workers that a running proxy can't have. The other settings of workers are applied where these are. */
export class WorkerSettings implements ReloadParticipant {
  readonly #count: number;
  #started: Workers['count'] | undefined;

  /** @param count how many workers there are */
  constructor(count: number) {
    this.#count = count;
  }

  prepare(loaded: LoadedConfig): Promise<PreparedChange> {
    const { workers } = loaded.config;
    // With the first config there are as many workers as can be had.
    const started = (this.#started ??= workers.count);
    const isOther = workers.count !== started && workerCount(workers).count !== this.#count;
    return Promise.resolve({
      warnings: isOther ? [this.#warning(loaded)] : [],
      commit: () => undefined,
      unwind: () => undefined,
    });
  }

  #warning(loaded: LoadedConfig): Problem {
    const now = this.#count === 1 ? 'one worker serves' : `${String(this.#count)} workers serve`;
    return loaded.problem(['workers', 'count'], `has effect at the next start or upgrade: now ${now}`);
  }
}
