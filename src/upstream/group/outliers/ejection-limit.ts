/** What the limit of ejections is judged by. */
export interface EjectionCounts {
  /** Members that may be ejected: those that no operator has taken out. */
  readonly all: number;
  readonly ejected: number;
  /** Members that may get requests now. */
  readonly up: number;
}

/**
 * Whether one more member that is up may be ejected: then too, no more than so many per cent of all are ejected, and one is still up. To
 * judge before the ejection, as others do, would let small upstreams lose more than the limit says.
 */
export function mayEject({ all, ejected, up }: EjectionCounts, maxPercent: number): boolean {
  return up > 1 && (ejected + 1) * 100 <= maxPercent * all;
}
