import type { Candidate } from '../contract/balancer.ts';
import type { TurnRule } from './deadline-turns.ts';

/** By so much the typical time follows each pick. */
const STEP = 1 / 16;

export const BY_WEIGHT: TurnRule = {
  shareOf: weightNow,
  loadOf: () => 0,
};

export const BY_LEASES: TurnRule = {
  shareOf: ({ factor }) => factor,
  loadOf: ({ active }, share) => active / share,
};

export const BY_LEASES_AND_WEIGHT: TurnRule = {
  shareOf: weightNow,
  loadOf: ({ active }, share) => active / share,
};

/** By time × (1 + leases) / weight. */
export class ByTime implements TurnRule {
  /** Averages become less with time, and nobody tells. */
  readonly drifts = true;
  readonly shareOf = weightNow;
  #typicalMs = 1;

  loadOf({ responseMs, active }: Candidate, share: number): number {
    return ((responseMs > 0 ? responseMs : this.#typicalMs) * (1 + active)) / share;
  }

  picked({ responseMs }: Candidate): void {
    if (responseMs > 0) this.#typicalMs += (responseMs - this.#typicalMs) * STEP;
  }
}

function weightNow({ weight, factor }: Candidate): number {
  return weight * factor;
}
