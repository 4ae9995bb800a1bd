import type { Balancer, Candidate, Chance, PickContext } from '../contract/balancer.ts';
import { isLessLoaded, isUsable, withWeight } from '../contract/candidates.ts';

/**
 * Smooth weighted turns: each candidate that takes part earns its weight, the richest is picked and pays what all earned.
 * Weights 5, 1, 1 give a a b a c a a, never five a in a row. The first turn is at a random place of that round: otherwise many proxies
 * that start together would all send their first request to the same backend.
 *
 * Source: nginx, `ngx_http_upstream_get_peer`.
 */
export abstract class WeightedTurns<C extends Candidate> implements Balancer<C> {
  protected readonly candidates: readonly C[];
  readonly #credits: Float64Array;

  constructor(candidates: readonly C[], chance: Chance) {
    this.candidates = withWeight(candidates);
    const weights = this.candidates.map(({ weight }) => weight);
    const round = Math.max(weights.length, sumOfWeights(this.candidates));
    this.#credits = creditsAfter(Math.floor(chance() * round), weights);
  }

  abstract pick(context: PickContext): C | undefined;

  peek(context: PickContext): C | undefined {
    const credits = this.#credits.slice();
    const picked = this.pick(context);
    this.#credits.set(credits);
    return picked;
  }

  /**
   * Candidates that stayed keep their credit, converted to the new weights. A credit never exceeds the sum of all weights, so it is
   * converted to the same part of the new sum.
   */
  resume(previous: Balancer): void {
    if (!(previous instanceof WeightedTurns)) return;
    const before = previous as WeightedTurns<Candidate>;
    const scale = sumOfWeights(this.candidates) / sumOfWeights(before.candidates);
    if (!Number.isFinite(scale)) return;
    const earned = new Map(before.candidates.map(({ id }, at) => [id, before.#credits[at] ?? 0]));
    if (!this.candidates.some(({ id }) => earned.has(id))) return;
    for (const [at, { id }] of this.candidates.entries()) this.#credits[at] = (earned.get(id) ?? 0) * scale;
  }

  /** One turn among the usable candidates; with `least`, among those of them that are no more loaded than `least`. */
  protected takeTurn(exclude: PickContext['exclude'], least?: C): C | undefined {
    const { candidates } = this;
    const credits = this.#credits;
    let earned = 0;
    let richest = -1;
    let most = -Infinity;
    let picked: C | undefined;
    for (let at = 0; at < candidates.length; at++) {
      const candidate = candidates[at];
      if (candidate === undefined || !isUsable(candidate, exclude)) continue;
      if (least !== undefined && isLessLoaded(least, candidate)) continue;
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
}

function sumOfWeights(candidates: readonly Candidate[]): number {
  return candidates.reduce((sum, { weight }) => sum + weight, 0);
}

/**
 * Computes the credits of candidates with these weights after so many smooth weighted turns, without taking the turns one by one: each
 * candidate was picked as often as its weight asks for, rounded down, and those with the largest remainders once more (Hamilton's method).
 * Credits add up to 0.
 */
function creditsAfter(turns: number, weights: readonly number[]): Float64Array {
  const all = weights.reduce((sum, weight) => sum + weight, 0);
  const due = weights.map((weight) => (turns * weight) / all);
  const picks = due.map(Math.floor);
  const left = turns - picks.reduce((sum, count) => sum + count, 0);
  const remainder = (at: number): number => (due[at] ?? 0) - (picks[at] ?? 0);
  const byRemainder = weights.map((_, at) => at).sort((a, b) => remainder(b) - remainder(a));
  for (const at of byRemainder.slice(0, left)) picks[at] = (picks[at] ?? 0) + 1;
  return Float64Array.from(weights, (weight, at) => turns * weight - all * (picks[at] ?? 0));
}
