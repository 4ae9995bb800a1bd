import type { Balancer, Candidate, Chance, PickContext } from '../contract/balancer.ts';
import { isOpen } from '../contract/candidates.ts';
import { Looks } from '../selection/looks.ts';
import { TurnHeap } from '../selection/turn-heap.ts';

/** By what {@link DeadlineTurns} chooses. */
export interface TurnRule {
  /** How much a candidate counts beside others: above 0. */
  shareOf(candidate: Candidate): number;
  loadOf(candidate: Candidate, share: number): number;
  /** Whether loads change without a notice. Default: false. */
  readonly drifts?: boolean;
  /** That candidate was picked. */
  picked?(candidate: Candidate): void;
}

/**
 * Chooses the candidate with the least load; those with the same load take turns in proportion to their shares. A turn has a deadline, and the
 * earliest deadline is next: a candidate with the share 3 has three of them in the time in which another one has one. In each round all
 * candidates that have the same load throughout get exactly their shares. Deadlines are spread over the round, so that a large share never
 * comes in one piece. The first turn is at a random place of the round: otherwise many proxies that start together would all send their first
 * request to the same backend.
 *
 * Loads that have grown are found out when it would be the candidate's turn; of those that have become less the balancer is told.
 *
 * Source: Liu, Layland, Scheduling Algorithms for Multiprogramming (1973), earliest deadline first.
 */
export class DeadlineTurns<C extends Candidate> implements Balancer<C> {
  readonly #candidates: readonly C[];
  readonly #rule: TurnRule;
  readonly #looks: Looks;
  readonly #heap: TurnHeap;
  /** By index: the share that the deadline was made with. */
  readonly #shares: Float64Array;
  /** The deadline of the last turn. Of a candidate that is out of the heap, the deadline is counted from here. */
  #now: number;

  /** @param isShared whether other workers have leases of the candidates */
  constructor(candidates: readonly C[], chance: Chance, rule: TurnRule, isShared: boolean) {
    this.#candidates = candidates;
    this.#rule = rule;
    this.#looks = new Looks(candidates.length, isShared, rule.drifts);
    this.#heap = new TurnHeap(candidates.length);
    this.#shares = new Float64Array(candidates.length);
    this.#now = chance();
    this.#begin();
  }

  pick(context: PickContext): C | undefined {
    const at = this.#find(context);
    const picked = this.#candidates[at];
    if (picked === undefined) return undefined;
    const due = this.#heap.deadlineOf(at);
    const begin = Math.max(due, this.#now);
    this.#heap.put(at, this.#heap.loadOf(at), begin + 1 / (this.#shares[at] ?? 1));
    this.#now = begin;
    this.#rule.picked?.(picked);
    return picked;
  }

  peek(context: PickContext): C | undefined {
    return this.#candidates[this.#find(context)];
  }

  changed(at: number): void {
    const candidate = this.#candidates[at];
    if (candidate === undefined || candidate.weight === 0) return;
    if (this.#heap.has(at)) this.#renew(at, candidate);
    else if (isOpen(candidate)) this.#enter(at, candidate);
  }

  /** Candidates that stayed are as far from their next turn as they were, measured in turns. */
  resume(previous: Balancer): void {
    if (!(previous instanceof DeadlineTurns)) return;
    const before = previous as DeadlineTurns<Candidate>;
    const places = new Map(before.#candidates.map(({ id }, at) => [id, at]));
    for (const [at, candidate] of this.#candidates.entries()) {
      const place = places.get(candidate.id);
      if (place === undefined || candidate.weight === 0) continue;
      const left = before.#turnsLeft(place) / (this.#shares[at] ?? 1);
      const isIn = this.#heap.has(at);
      this.#heap.note(at, this.#heap.loadOf(at), isIn ? this.#now + left : left);
    }
  }

  #begin(): void {
    const candidates = this.#candidates;
    const counts = new Map<number, number>();
    for (const { weight } of candidates) counts.set(weight, (counts.get(weight) ?? 0) + 1);
    const seen = new Map<number, number>();
    for (const [at, candidate] of candidates.entries()) {
      const { weight } = candidate;
      if (weight === 0) continue;
      const share = this.#rule.shareOf(candidate);
      this.#shares[at] = share;
      const before = seen.get(weight) ?? 0;
      seen.set(weight, before + 1);
      // Candidates of the same weight take their turns one after the other, in even distances.
      const phase = (before + 0.5) / (counts.get(weight) ?? 1);
      const due = (Math.ceil(share * this.#now - phase) + phase) / share;
      if (isOpen(candidate)) this.#heap.put(at, this.#rule.loadOf(candidate, share), due);
      else this.#heap.note(at, 0, due - this.#now);
    }
  }

  /** The index of the candidate that is next; -1 when there is none. */
  #find({ exclude }: PickContext): number {
    this.#looks.some(this);
    const found = this.#search(exclude);
    return found < 0 && this.#looks.all(this) ? this.#search(exclude) : found;
  }

  #search(exclude: PickContext['exclude']): number {
    for (;;) {
      const at =
        exclude === undefined
          ? this.#heap.first
          : this.#heap.firstOf((each) => {
              const candidate = this.#candidates[each];
              return candidate !== undefined && !exclude.has(candidate);
            });
      const candidate = this.#candidates[at];
      if (candidate === undefined) return -1;
      if (!candidate.available) this.#leave(at);
      else if (!this.#renew(at, candidate)) return at;
    }
  }

  /** Brings share and load of a candidate in the heap up to date. False when both were. */
  #renew(at: number, candidate: C): boolean {
    const share = this.#rule.shareOf(candidate);
    const load = this.#rule.loadOf(candidate, share);
    if (load === this.#heap.loadOf(at) && share === this.#shares[at]) return false;
    const left = this.#turnsLeft(at) / share;
    this.#shares[at] = share;
    // One that had more load than others for long has not earned their turns.
    this.#heap.put(at, load, this.#now + Math.max(0, left));
    return true;
  }

  #leave(at: number): void {
    this.#heap.delete(at);
    this.#heap.note(at, 0, this.#heap.deadlineOf(at) - this.#now);
  }

  #enter(at: number, candidate: C): void {
    const left = this.#turnsLeft(at);
    const share = this.#rule.shareOf(candidate);
    this.#shares[at] = share;
    this.#heap.put(at, this.#rule.loadOf(candidate, share), this.#now + Math.max(0, left) / share);
  }

  /** How far a candidate is from its next turn: 1 after it had one, 0 when it is due. */
  #turnsLeft(at: number): number {
    const deadline = this.#heap.deadlineOf(at);
    return (this.#heap.has(at) ? deadline - this.#now : deadline) * (this.#shares[at] ?? 1);
  }
}
