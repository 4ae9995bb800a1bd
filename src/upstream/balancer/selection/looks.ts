/** Up to so many candidates, each pick looks at all of them. */
const FEW = 16;
/** So many of more candidates. */
const LOOKS = 4;
/** Up to so many candidates, all are looked at whenever nothing was found. */
const QUICK = 64;
/** With more of them, that is done once in this time. */
const REST_MS = 1;

/** What is told that a candidate may have changed. */
interface Follower {
  changed(at: number): void;
}

/**
 * Where candidates have leases in other workers, nobody tells how those change. So each pick looks at some candidates in turn: at all of a
 * few. What other workers did is known after at most a quarter of as many picks as there are candidates, and where nothing was found that
 * may be picked, after a millisecond.
 */
export class Looks {
  readonly #count: number;
  readonly #each: number;
  readonly #isShared: boolean;
  #next = 0;
  #restsUntilMs = 0;

  /**
   * @param count the number of candidates
   * @param isShared whether other workers have leases of them
   * @param drift whether loads change without a notice even in this worker. Default: false
   */
  constructor(count: number, isShared: boolean, drift = false) {
    this.#count = count;
    this.#isShared = isShared;
    this.#each = !isShared && !drift ? 0 : count <= FEW ? count : LOOKS;
  }

  /** A pick begins. */
  some(follower: Follower): void {
    for (let left = this.#each; left > 0; left--) {
      follower.changed(this.#next);
      this.#next = this.#next + 1 < this.#count ? this.#next + 1 : 0;
    }
  }

  /**
   * Nothing was found that may be picked: looks at all candidates. False where it did not, since without other workers nothing can have
   * changed unnoticed, or since it has just done so: requests that find all of a thousand candidates full come one right after the other.
   */
  all(follower: Follower): boolean {
    if (!this.#isShared) return false;
    if (this.#count > QUICK) {
      const now = performance.now();
      if (now < this.#restsUntilMs) return false;
      this.#restsUntilMs = now + REST_MS;
    }
    for (let at = 0; at < this.#count; at++) follower.changed(at);
    return true;
  }
}
