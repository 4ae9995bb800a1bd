import type { Balancer, Candidate, PickContext } from '../contract/balancer.ts';

/** Some of the candidates of an upstream, with a balancer of their own. */
export class Tier<C extends Candidate> {
  readonly candidates: readonly C[];
  readonly balancer: Balancer<C>;
  /** By index in the list of all candidates: the index here; -1 for one that does not belong here. */
  readonly #places: Int32Array;
  /** By index here: whether the candidate was up when it was looked at last. */
  readonly #wasUp: Uint8Array;
  #upCount = 0;
  #next = 0;
  /** A candidate that was up when somebody asked last. */
  #witness = 0;

  /**
   * @param places indexes of the candidates in the list of all
   * @param size length of that list
   */
  constructor(candidates: readonly C[], balancer: Balancer<C>, places: readonly number[], size: number) {
    this.candidates = candidates;
    this.balancer = balancer;
    this.#places = new Int32Array(size).fill(-1);
    for (const [at, place] of places.entries()) this.#places[place] = at;
    this.#wasUp = new Uint8Array(candidates.length);
    for (let at = 0; at < candidates.length; at++) this.#look(at);
  }

  /** @param place index in the list of all candidates */
  changed(place: number): void {
    const at = this.#places[place] ?? -1;
    if (at < 0) return;
    this.#look(at);
    this.balancer.changed(at);
  }

  /**
   * Whether at least that part of the candidates is up. Nobody tells of candidates that go down: each call looks at one of them, so that a
   * change is known after as many calls as there are candidates.
   *
   * @param part from 0 to 1
   */
  isMostlyUp(part: number): boolean {
    this.#look(this.#next);
    this.#next = this.#next + 1 < this.candidates.length ? this.#next + 1 : 0;
    return this.#upCount > 0 && this.#upCount >= part * this.candidates.length;
  }

  /** Whether a candidate is up that is not excluded, so that it will serve a request that waits for it. */
  hasUp(exclude: PickContext['exclude']): boolean {
    const count = this.candidates.length;
    for (let passed = 0; passed < count && this.#upCount > 0; passed++) {
      const at = (this.#witness + passed) % count;
      const candidate = this.candidates[at];
      if (candidate === undefined || !this.#look(at) || exclude?.has(candidate) === true) continue;
      this.#witness = at;
      return true;
    }
    return false;
  }

  #look(at: number): boolean {
    const candidate = this.candidates[at];
    const isUp = candidate !== undefined && candidate.weight > 0 && candidate.up;
    const wasUp = this.#wasUp[at] === 1;
    if (candidate !== undefined && isUp !== wasUp) {
      this.#wasUp[at] = isUp ? 1 : 0;
      this.#upCount += isUp ? 1 : -1;
    }
    return isUp;
  }
}
