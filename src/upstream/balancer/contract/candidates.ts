import type { Candidate, PickContext } from './balancer.ts';

/** Whether a candidate may be picked now. Its weight is not looked at: candidates of weight 0 are left out by {@link withWeight}. */
export function isUsable(candidate: Candidate, exclude: PickContext['exclude']): boolean {
  return candidate.available && exclude?.has(candidate) !== true;
}

/** Whether any candidate may be picked now, so that a walk over hash positions ends. */
export function isAnyUsable(candidates: readonly Candidate[], exclude: PickContext['exclude']): boolean {
  for (const candidate of candidates) {
    if (isUsable(candidate, exclude)) return true;
  }
  return false;
}

/** The candidates that may get requests at all. A candidate's weight never changes, so balancers ask once. */
export function withWeight<C extends Candidate>(candidates: readonly C[]): readonly C[] {
  return candidates.filter((candidate) => candidate.weight > 0);
}

/** Whether `a` runs fewer leases for its weight than `b`: active/weight compared without a division. */
export function isLessLoaded(a: Candidate, b: Candidate): boolean {
  return a.active * b.weight < b.active * a.weight;
}
