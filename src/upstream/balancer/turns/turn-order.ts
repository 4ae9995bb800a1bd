import type { Balancer, Candidate, Chance, PickContext } from '../contract/balancer.ts';
import { withWeight } from '../contract/candidates.ts';

/**
 * Remembers whose turn is next, in the order of the config, beginning anywhere: of many proxies that start together each would
 * otherwise send its first request to the same backend. Weights above 0 count alike.
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

  /** Goes on with the one that was due, or with the next of them that stayed. */
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
