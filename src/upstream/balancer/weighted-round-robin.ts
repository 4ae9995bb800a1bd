import type { Balancer, Candidate, PickContext } from './balancer.ts';
import { isUsable, withWeight } from './is-usable.ts';
import { passCredits } from './pass-credits.ts';

/**
 * Smooth weighted round robin: each usable candidate earns its weight, the richest is picked and pays
 * what all earned. Weights 5, 1, 1 give a a b a c a a, never five a in a row.
 *
 * Source: nginx, `ngx_http_upstream_get_peer`.
 */
export class WeightedRoundRobin<C extends Candidate> implements Balancer<C> {
  readonly #candidates: readonly C[];
  readonly #credits: Float64Array;

  constructor(candidates: readonly C[]) {
    this.#candidates = withWeight(candidates);
    this.#credits = new Float64Array(this.#candidates.length);
  }

  pick({ exclude }: PickContext): C | undefined {
    const candidates = this.#candidates;
    const credits = this.#credits;
    let earned = 0;
    let richest = -1;
    let most = -Infinity;
    let picked: C | undefined;
    for (let at = 0; at < candidates.length; at++) {
      const candidate = candidates[at];
      if (candidate === undefined || !isUsable(candidate, exclude)) continue;
      const credit = (credits[at] ?? 0) + candidate.weight;
      credits[at] = credit;
      earned += candidate.weight;
      if (credit > most) {
        most = credit;
        richest = at;
        picked = candidate;
      }
    }
    if (picked !== undefined) credits[richest] = most - earned;
    return picked;
  }

  peek(context: PickContext): C | undefined {
    const credits = this.#credits.slice();
    const picked = this.pick(context);
    this.#credits.set(credits);
    return picked;
  }

  resume(previous: Balancer): void {
    if (!(previous instanceof WeightedRoundRobin)) return;
    const before = previous as WeightedRoundRobin<Candidate>;
    passCredits(before.#candidates, before.#credits, this.#candidates, this.#credits);
  }
}
