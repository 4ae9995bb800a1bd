/** One number that all workers of an upstream change, such as whose turn is next. It begins at 0. */
export interface SharedNumber {
  read(): number;
  /** False when another worker has changed it since it was read: then nothing changes. */
  advance(from: number, to: number): boolean;
}

/** What the balancers of one upstream share, where several workers have one each. */
export interface SharedTurns {
  /** Whose turn it is. Undefined: each worker takes turns by itself. */
  readonly turn: SharedNumber | undefined;
  /** Where turns begin that are the same for all workers: from 0 to below 1. */
  readonly start: number;
  /** Where the turns begin that this worker takes by itself: from 0 to below 1, as far from those of the others as can be. */
  readonly ownStart: number;
}
