import type { Candidate, PickContext } from './balancer.ts';

/** Whether a candidate may be picked now. Its weight is not looked at: candidates of weight 0 are left out by {@link withWeight}. */
export function isUsable(candidate: Candidate, exclude: PickContext['exclude']): boolean {
  return candidate.available && exclude?.has(candidate) !== true;
}

/** The candidates that may get something at all. Weights belong to the plan of a generation, so once is enough. */
export function withWeight<C extends Candidate>(candidates: readonly C[]): readonly C[] {
  return candidates.filter((candidate) => candidate.weight > 0);
}

/** Whether a walk over hash positions will end at somebody. */
export function isAnyUsable(candidates: readonly Candidate[], exclude: PickContext['exclude']): boolean {
  for (const candidate of candidates) {
    if (isUsable(candidate, exclude)) return true;
  }
  return false;
}
