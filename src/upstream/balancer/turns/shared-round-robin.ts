import type { Balancer, Candidate, PickContext } from '../contract/balancer.ts';
import { isUsable, withWeight } from '../contract/candidates.ts';
import type { SharedTurns } from '../contract/shared-turns.ts';

/** More tries than other workers could need turns in the meantime. */
const TRIES = 100;

/**
 * As `RoundRobin`, with turns that all workers take together: each candidate gets its share of the requests of all workers. An edit goes on
 * with the turn that it finds.
 */
export class SharedRoundRobin<C extends Candidate> implements Balancer<C> {
  readonly #candidates: readonly C[];
  readonly #turn: SharedTurns['turn'];
  readonly #start: number;

  constructor(candidates: readonly C[], { turn, start }: SharedTurns) {
    this.#candidates = withWeight(candidates);
    this.#turn = turn;
    this.#start = Math.floor(start * this.#candidates.length);
  }

  pick({ exclude }: PickContext): C | undefined {
    for (let tries = 1; ; tries++) {
      const turn = this.#turn.read();
      const passed = this.#search(turn, exclude);
      if (passed === undefined) return undefined;
      const count = this.#candidates.length;
      // Behind the one that was picked, for the reason that `RoundRobin` has.
      if (this.#turn.advance(turn, ((turn % count) + passed + 1) % count) || tries === TRIES)
        return this.#at(turn + passed);
    }
  }

  peek({ exclude }: PickContext): C | undefined {
    const turn = this.#turn.read();
    const passed = this.#search(turn, exclude);
    return passed === undefined ? undefined : this.#at(turn + passed);
  }

  /** How many candidates come before the next one that may be picked; undefined when none may be. */
  #search(turn: number, exclude: PickContext['exclude']): number | undefined {
    const count = this.#candidates.length;
    for (let passed = 0; passed < count; passed++) {
      const candidate = this.#at(turn + passed);
      if (candidate !== undefined && isUsable(candidate, exclude)) return passed;
    }
    return undefined;
  }

  #at(turn: number): C | undefined {
    return this.#candidates[(this.#start + turn) % this.#candidates.length];
  }
}
