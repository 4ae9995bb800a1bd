/** Weights whose sums are kept in a complete binary tree: one changes, and one is found by a point on their sum, in log₂ n steps. */
export class SumTree {
  readonly #leaves: number;
  /** The root at 1, the children of n at 2n and 2n + 1. Each sum is computed anew from its two parts, so no rounding errors add up. */
  readonly #sums: Float64Array;

  /** @param weights at least 0 each */
  constructor(weights: readonly number[]) {
    this.#leaves = 2 ** Math.ceil(Math.log2(Math.max(1, weights.length)));
    this.#sums = new Float64Array(2 * this.#leaves);
    this.#sums.set(weights, this.#leaves);
    for (let node = this.#leaves - 1; node > 0; node--) this.#add(node);
  }

  get total(): number {
    return this.#sums[1] ?? 0;
  }

  weightAt(at: number): number {
    return this.#sums[this.#leaves + at] ?? 0;
  }

  set(at: number, weight: number): void {
    let node = this.#leaves + at;
    this.#sums[node] = weight;
    for (node >>= 1; node > 0; node >>= 1) this.#add(node);
  }

  /**
   * The index to which a point belongs when all weights lie one behind the other. It never has the weight 0.
   *
   * @param point from 0 to below {@link total}, which must be above 0
   */
  find(point: number): number {
    const sums = this.#sums;
    let node = 1;
    let rest = point;
    while (node < this.#leaves) {
      node *= 2;
      const left = sums[node] ?? 0;
      // Rounding may lead behind the last weight above 0.
      if (rest < left || (sums[node + 1] ?? 0) === 0) continue;
      rest -= left;
      node += 1;
    }
    return node - this.#leaves;
  }

  #add(node: number): void {
    this.#sums[node] = (this.#sums[2 * node] ?? 0) + (this.#sums[2 * node + 1] ?? 0);
  }
}
