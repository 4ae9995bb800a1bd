/** Up to so many candidates, each pick looks at all of them. */
const FEW = 16;
/** So many of more candidates. */
const LOOKS = 4;

/** What is told that a candidate may have changed. */
interface Follower {
  changed(at: number): void;
}

/**
 * Where candidates have leases in other workers, nobody tells how those change. So each pick looks at some candidates in turn: at all of a
 * few. What other workers did is known after at most a quarter of as many picks as there are candidates.
 */
export class Looks {
  readonly #count: number;
  readonly #each: number;
  #next = 0;

  /**
   * @param count the number of candidates
   * @param isShared whether other workers have leases of them
   */
  constructor(count: number, isShared: boolean) {
    this.#count = count;
    this.#each = !isShared ? 0 : count <= FEW ? count : LOOKS;
  }

  /** A pick begins. */
  some(follower: Follower): void {
    for (let left = this.#each; left > 0; left--) {
      follower.changed(this.#next);
      this.#next = this.#next + 1 < this.#count ? this.#next + 1 : 0;
    }
  }

  /** Nothing was found that may be picked: looks at all candidates. False without other workers, as nothing can have changed unnoticed. */
  all(follower: Follower): boolean {
    if (this.#each === 0) return false;
    for (let at = 0; at < this.#count; at++) follower.changed(at);
    return true;
  }
}
