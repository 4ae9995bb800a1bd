/**
 * What candidates of these weights have as credit after so many smooth weighted turns, without taking them one by one: each was
 * picked as often as its weight asks for, rounded down, and those with the largest remainders once more (Hamilton's method).
 * Credits add up to 0.
 */
export function creditsAfter(turns: number, weights: readonly number[]): Float64Array {
  const all = weights.reduce((sum, weight) => sum + weight, 0);
  const due = weights.map((weight) => (turns * weight) / all);
  const picks = due.map(Math.floor);
  const left = turns - picks.reduce((sum, count) => sum + count, 0);
  const remainder = (at: number): number => (due[at] ?? 0) - (picks[at] ?? 0);
  const byRemainder = weights.map((_, at) => at).sort((a, b) => remainder(b) - remainder(a));
  for (const at of byRemainder.slice(0, left)) picks[at] = (picks[at] ?? 0) + 1;
  return Float64Array.from(weights, (weight, at) => turns * weight - all * (picks[at] ?? 0));
}
