import type { Candidate } from './balancer.ts';

/**
 * Gives the candidates that stayed what they have earned, in the measure of the new weights: a credit never exceeds the
 * sum of all weights, so it counts as the same part of that sum as before.
 */
export function passCredits(
  before: readonly Candidate[],
  earned: Float64Array,
  after: readonly Candidate[],
  credits: Float64Array,
): void {
  const scale = sumOfWeights(after) / sumOfWeights(before);
  if (!Number.isFinite(scale)) return;
  const known = new Map(before.map(({ id }, at) => [id, earned[at] ?? 0]));
  for (const [at, { id }] of after.entries()) credits[at] = (known.get(id) ?? 0) * scale;
}

function sumOfWeights(candidates: readonly Candidate[]): number {
  return candidates.reduce((sum, { weight }) => sum + weight, 0);
}
