import type { SuccessRateRules } from './passive-rules.ts';

/** What a member did in an interval. */
export interface IntervalCounts {
  readonly total: number;
  readonly failures: number;
  /** Heads of responses that came, and how long they took together; 0 where nobody compares times. */
  readonly responses: number;
  readonly waitedMs: number;
}

/**
 * The success rate below which a member is an outlier: the mean of those with enough requests, minus some standard deviations. Undefined
 * when too few have enough requests. Source: Envoy, success rate ejection.
 */
export function outlierBound(counts: readonly IntervalCounts[], rules: SuccessRateRules): number | undefined {
  const rates = counts.filter(({ total }) => total >= rules.minRequests).map(successRateOf);
  if (rates.length < rules.minHosts) return undefined;
  const mean = rates.reduce((sum, rate) => sum + rate, 0) / rates.length;
  const variance = rates.reduce((sum, rate) => sum + (rate - mean) ** 2, 0) / rates.length;
  return mean - rules.stdevFactor * Math.sqrt(variance);
}

/** From 0 to 1; 1 without any request. */
export function successRateOf({ total, failures }: Pick<IntervalCounts, 'total' | 'failures'>): number {
  return total === 0 ? 1 : (total - failures) / total;
}
