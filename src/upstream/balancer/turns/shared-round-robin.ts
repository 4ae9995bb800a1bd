import type { Balancer, Candidate, PickContext } from '../contract/balancer.ts';
import type { SharedNumber } from '../contract/shared-turns.ts';
import { Turns } from './turns.ts';

/** More tries than other workers could need turns in the meantime. */
const TRIES = 100;

/**
 * As `RoundRobin`, with turns that all workers take together: each candidate gets its share of the requests of all workers. An edit goes on
 * with the turn that it finds.
 */
export class SharedRoundRobin<C extends Candidate> implements Balancer<C> {
  readonly #candidates: readonly C[];
  readonly #turns: Turns<C>;
  readonly #turn: SharedNumber;
  readonly #start: number;

  /** @param start where the turns begin: from 0 to below 1 */
  constructor(candidates: readonly C[], turn: SharedNumber, start: number) {
    this.#candidates = candidates;
    this.#turns = new Turns(candidates, true);
    this.#turn = turn;
    this.#start = Math.floor(start * candidates.length);
  }

  pick({ exclude }: PickContext): C | undefined {
    const count = this.#candidates.length;
    for (let tries = 1; ; tries++) {
      const turn = this.#turn.read();
      const at = this.#turns.next((this.#start + turn) % count, exclude, true);
      if (at < 0) return undefined;
      // Behind the one that was picked, for the reason that `RoundRobin` has.
      const next = (at - this.#start + 1 + count) % count;
      if (this.#turn.advance(turn, next) || tries === TRIES) return this.#candidates[at];
    }
  }

  peek({ exclude }: PickContext): C | undefined {
    const at = (this.#start + this.#turn.read()) % this.#candidates.length;
    return this.#candidates[this.#turns.next(at, exclude, false)];
  }

  changed(at: number): void {
    this.#turns.changed(at);
  }
}
