import type { Balancer, Candidate, Chance, PickContext } from '../contract/balancer.ts';
import { Turns } from './turns.ts';

/**
 * Chooses one candidate after the other, in the order of the config. All weights above 0 count the same. The first turn is random: otherwise
 * many proxies that start together would all send their first request to the same backend.
 */
export class RoundRobin<C extends Candidate> implements Balancer<C> {
  readonly #candidates: readonly C[];
  readonly #turns: Turns<C>;
  /** Index of the candidate whose turn is next; the number of candidates counts as 0. */
  #next: number;

  /** @param isShared whether other workers have leases of the candidates */
  constructor(candidates: readonly C[], chance: Chance, isShared = false) {
    this.#candidates = candidates;
    this.#turns = new Turns(candidates, isShared);
    this.#next = Math.floor(chance() * candidates.length);
  }

  pick({ exclude }: PickContext): C | undefined {
    const at = this.#turns.next(this.#next, exclude, true);
    // Behind the one that was picked, not behind the one whose turn it was. As it is, the neighbour of a backend that is down does
    // not get two turns in each round.
    if (at >= 0) this.#next = at + 1;
    return this.#candidates[at];
  }

  peek({ exclude }: PickContext): C | undefined {
    return this.#candidates[this.#turns.next(this.#next, exclude, false)];
  }

  changed(at: number): void {
    this.#turns.changed(at);
  }

  /** Continues with the candidate whose turn was next in `previous`, or with the next one behind it that is still there. */
  resume(previous: Balancer): void {
    if (!(previous instanceof RoundRobin)) return;
    const before = previous as RoundRobin<Candidate>;
    const count = before.#candidates.length;
    const places = new Map(this.#candidates.map(({ id }, at) => [id, at]));
    for (let passed = 0; passed < count; passed++) {
      const at = places.get(before.#candidates[(before.#next + passed) % count]?.id ?? '');
      if (at === undefined) continue;
      this.#next = at;
      return;
    }
  }
}
