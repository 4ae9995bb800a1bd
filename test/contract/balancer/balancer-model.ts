import type { FakeCandidate } from './fake-candidates.ts';

/** Where candidates of the own zone come first, while half of them are up. */
export const OWN_ZONE = 'here';
export const ZONE_MIN_UP = 0.5;

/** What may be picked. */
export interface Eligible {
  readonly candidates: readonly FakeCandidate[];
  /** Candidates that may be picked too, so long as a balancer need not know yet who is down. */
  readonly alsoBefore: readonly FakeCandidate[];
}

/** Who may be picked by the rules of priorities and zones, found by looking at all candidates. */
export function eligible(
  candidates: readonly FakeCandidate[],
  exclude: ReadonlySet<FakeCandidate>,
): Eligible {
  const isUsable = (one: FakeCandidate): boolean => one.available && one.weight > 0 && !exclude.has(one);
  const priorities = [...new Set(candidates.map(({ priority }) => priority))].sort((a, b) => a - b);
  for (const priority of priorities) {
    const level = candidates.filter((one) => one.priority === priority);
    const usable = level.filter(isUsable);
    const near = level.filter(({ zone }) => zone === OWN_ZONE);
    const isMixed = near.length > 0 && near.length < level.length;
    const nearUp = near.filter((one) => one.up && one.weight > 0).length;
    const nearUsable = near.filter(isUsable);
    const isNearFirst = isMixed && nearUp > 0 && nearUp >= ZONE_MIN_UP * near.length && nearUsable.length > 0;
    if (usable.length > 0)
      return isNearFirst
        ? { candidates: nearUsable, alsoBefore: usable }
        : { candidates: usable, alsoBefore: isMixed ? nearUsable : [] };
    // One that is only full is waited for.
    if (level.some((one) => one.up && one.weight > 0 && !exclude.has(one))) break;
  }
  return { candidates: [], alsoBefore: [] };
}
