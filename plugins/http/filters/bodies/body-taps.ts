import type { BodyTap } from '../../../../src/plugin-api/index.ts';

/** A tap, and which filter of the chain it belongs to. */
export interface OwnedTap {
  readonly filter: number;
  readonly tap: BodyTap;
}

/** Shows one body to the taps of filters, in the order in which they asked for it. */
export class BodyTaps {
  readonly #taps: readonly OwnedTap[];
  readonly #failed: (filter: number, error: unknown) => void;

  constructor(taps: readonly OwnedTap[], failed: (filter: number, error: unknown) => void) {
    this.#taps = taps;
    this.#failed = failed;
  }

  /** False when a tap failed: the body must not be forwarded. */
  data(bytes: Buffer, start: number, end: number): boolean {
    return this.#each((tap) => tap.data(bytes, start, end));
  }

  end(): boolean {
    return this.#each((tap) => tap.end?.());
  }

  #each(show: (tap: BodyTap) => void): boolean {
    for (const { filter, tap } of this.#taps) {
      try {
        show(tap);
      } catch (error) {
        this.#failed(filter, error);
        return false;
      }
    }
    return true;
  }
}
