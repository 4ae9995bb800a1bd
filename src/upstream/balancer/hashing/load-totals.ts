import type { Candidate } from '../contract/balancer.ts';
import { isOpen } from '../contract/candidates.ts';
import { Looks } from '../selection/looks.ts';

/** How many leases run on the available candidates, and their weight: sums of what was last seen of each, so that no pick adds them up. */
export class LoadTotals<C extends Candidate> {
  readonly #candidates: readonly C[];
  readonly #looks: Looks;
  /** By index: the leases that are in the sum; -1 while the candidate is not. */
  readonly #seen: Float64Array;
  /** Leases of the available candidates. */
  leases = 0;
  /** Weight of the available candidates. */
  weight = 0;
  /** The last pick: by now it has one lease more. */
  #last = -1;

  constructor(candidates: readonly C[]) {
    this.#candidates = candidates;
    // Nobody tells of leases that other upstreams, or other workers, begin.
    this.#looks = new Looks(candidates.length, true);
    this.#seen = new Float64Array(candidates.length).fill(-1);
    for (let at = 0; at < candidates.length; at++) this.changed(at);
  }

  /** A pick begins. */
  begin(): void {
    this.changed(this.#last);
    this.#looks.some(this);
  }

  picked(at: number): void {
    this.#last = at;
  }

  /** Brings the part of a candidate up to date. */
  changed(at: number): void {
    const candidate = this.#candidates[at];
    const seen = this.#seen[at];
    if (candidate === undefined || seen === undefined) return;
    const now = isOpen(candidate) ? candidate.active : -1;
    if (now === seen) return;
    this.#seen[at] = now;
    this.leases += Math.max(now, 0) - Math.max(seen, 0);
    if (seen < 0) this.weight += candidate.weight;
    else if (now < 0) this.weight -= candidate.weight;
  }
}
