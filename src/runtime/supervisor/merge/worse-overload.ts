import type { OverloadReading } from '../../../readings/process.ts';

/** What overloads two workers, each reason by the one that it overloads more; undefined: none is watched. */
export function worseOverload(
  one: OverloadReading | undefined,
  other: OverloadReading | undefined,
): OverloadReading | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  const worse = (reason: keyof OverloadReading): OverloadReading['heap'] =>
    one[reason] > other[reason] ? one[reason] : other[reason];
  return { event_loop_delay: worse('event_loop_delay'), heap: worse('heap') };
}
