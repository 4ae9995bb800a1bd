import type { Candidate, PickContext } from './balancer.ts';

/** Whether a candidate may be picked now. Its weight is not looked at: candidates of weight 0 are never asked for. */
export function isUsable(candidate: Candidate, exclude: PickContext['exclude']): boolean {
  return candidate.available && exclude?.has(candidate) !== true;
}
