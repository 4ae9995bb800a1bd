/** Checks at a time, of all backends together: black holes hold theirs until the timeout. */
const MOST_AT_ONCE = 256;

/** The place of one check. */
export interface CheckTurn {
  /** Gives the place back, or gives up the wait for it. May be called again. */
  end(): void;
}

/** Lets a bounded number of checks run at a time. Further ones wait, first come, first served. */
export class CheckTurns {
  readonly #most: number;
  readonly #waiting = new Set<() => void>();
  #running = 0;

  constructor(most = MOST_AT_ONCE) {
    this.#most = most;
  }

  /** Calls `begin` when there is a place: within this call, if there is one now. `begin` must not throw. */
  ask(begin: () => void): CheckTurn {
    let state: 'waiting' | 'running' | 'over' = 'waiting';
    const run = (): void => {
      state = 'running';
      this.#running += 1;
      begin();
    };
    if (this.#running < this.#most) run();
    else this.#waiting.add(run);
    return {
      end: () => {
        const before = state;
        state = 'over';
        this.#waiting.delete(run);
        if (before === 'running') this.#free();
      },
    };
  }

  #free(): void {
    this.#running -= 1;
    const [next] = this.#waiting;
    if (next === undefined) return;
    this.#waiting.delete(next);
    next();
  }
}
