import type { IntervalCounts } from './success-rates.ts';
import type { LatencyRules } from './passive-rules.ts';

/** A member that is slower than the others allow. */
export interface SlowMember<M> {
  readonly member: M;
  /** The mean of its times to the first byte. */
  readonly meanMs: number;
  /** The median of the means of the others. */
  readonly othersMs: number;
}

/**
 * The members whose mean time to the first byte of a response is more than so many times the median of the others', the slowest first.
 * Those with too few responses are neither judged nor compared with. A mean below the shortest time that counts is never too slow: the
 * difference of two fast backends is chance.
 */
export function slowMembers<M>(
  counts: ReadonlyMap<M, IntervalCounts>,
  { factor, minHosts, minRequests, minMs }: LatencyRules,
): readonly SlowMember<M>[] {
  const compared = [...counts]
    .filter(([, { responses }]) => responses >= minRequests)
    .map(([member, { responses, waitedMs }]) => ({ member, meanMs: waitedMs / responses }))
    .sort((one, other) => one.meanMs - other.meanMs);
  if (compared.length < Math.max(2, minHosts)) return [];
  const means = compared.map(({ meanMs }) => meanMs);
  return compared
    .map((each, at) => ({ ...each, othersMs: medianBut(means, at) }))
    .filter(({ meanMs, othersMs }) => meanMs >= minMs && meanMs > factor * othersMs)
    .reverse();
}

/** The median of all sorted numbers but the one at that index. */
function medianBut(sorted: readonly number[], at: number): number {
  const of = (place: number): number => sorted[place < at ? place : place + 1] ?? 0;
  const count = sorted.length - 1;
  const middle = count >> 1;
  return count % 2 === 1 ? of(middle) : (of(middle - 1) + of(middle)) / 2;
}
