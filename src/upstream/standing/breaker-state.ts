import type { BreakerState } from '../../readings/upstreams/upstream.ts';

/** The state of a breaker and a time by the clock: when an open one becomes half-open, or since when it is in another state. */
export interface BreakerMoment {
  readonly state: BreakerState;
  readonly at: number;
}

const STATES: readonly BreakerState[] = ['closed', 'open', 'half-open', 'recovering'];
const STATE_BITS = 2;

/** Both in one word, so that one step of a worker changes both. A closed breaker is 0. */
export function packMoment({ state, at }: BreakerMoment): number {
  return state === 'closed' ? 0 : (at << STATE_BITS) | STATES.indexOf(state);
}

export function unpackMoment(word: number): BreakerMoment {
  const state = STATES[word & ((1 << STATE_BITS) - 1)] ?? 'closed';
  return { state, at: word >>> STATE_BITS };
}
