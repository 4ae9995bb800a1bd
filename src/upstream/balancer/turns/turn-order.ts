import type { Balancer, Candidate, Chance, PickContext } from '../contract/balancer.ts';
import { withWeight } from '../contract/candidates.ts';

/**
 * Remembers whose turn is next, in the order of the config. The first turn is random: otherwise many proxies that start together would
 * all send their first request to the same backend. All weights above 0 count the same.
 */
export abstract class TurnOrder<C extends Candidate> implements Balancer<C> {
  protected readonly candidates: readonly C[];
  /** Index of the candidate whose turn is next; the number of candidates counts as 0. */
  protected next: number;

  constructor(candidates: readonly C[], chance: Chance) {
    this.candidates = withWeight(candidates);
    this.next = Math.floor(chance() * this.candidates.length);
  }

  abstract pick(context: PickContext): C | undefined;

  peek(context: PickContext): C | undefined {
    const { next } = this;
    const picked = this.pick(context);
    this.next = next;
    return picked;
  }

  /** Continues with the candidate whose turn was next in `previous`, or with the next one behind it that is still there. */
  resume(previous: Balancer): void {
    if (!(previous instanceof TurnOrder)) return;
    const before = previous as TurnOrder<Candidate>;
    const count = before.candidates.length;
    const places = new Map(this.candidates.map(({ id }, at) => [id, at]));
    for (let passed = 0; passed < count; passed++) {
      const at = places.get(before.candidates[(before.next + passed) % count]?.id ?? '');
      if (at === undefined) continue;
      this.next = at;
      return;
    }
  }
}
