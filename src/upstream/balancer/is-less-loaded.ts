import type { Candidate } from './balancer.ts';

/** Whether `a` runs fewer leases for its weight than `b`: active/weight compared without a division. */
export function isLessLoaded(a: Candidate, b: Candidate): boolean {
  return a.active * b.weight < b.active * a.weight;
}
