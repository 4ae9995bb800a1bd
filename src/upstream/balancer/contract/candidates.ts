import type { Candidate, PickContext } from './balancer.ts';

/** Whether a candidate is available, asked of one that is not about to be picked. */
export function isOpen(candidate: Candidate): boolean {
  return candidate.up && candidate.hasRoom;
}

/** Whether a candidate may be picked now. Its weight is not looked at: candidates of weight 0 are never asked for. */
export function isUsable(candidate: Candidate, exclude: PickContext['exclude']): boolean {
  return candidate.available && exclude?.has(candidate) !== true;
}
