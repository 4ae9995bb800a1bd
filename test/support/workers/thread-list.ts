import type { Worker } from 'node:worker_threads';

import { owned } from '../owned.ts';

/** The threads that were started since this was made, and run. It ends with the test. */
export class ThreadList {
  readonly #threads = new Set<Worker>();

  static follow(): ThreadList {
    return owned(new ThreadList());
  }

  private constructor() {
    process.on('worker', this.#add);
  }

  /** Those that serve clients, in the order of their start. */
  get serving(): readonly Worker[] {
    return [...this.#threads];
  }

  close(): void {
    process.off('worker', this.#add);
  }

  readonly #add = (worker: Worker): void => {
    this.#threads.add(worker);
    worker.once('exit', () => this.#threads.delete(worker));
  };
}
