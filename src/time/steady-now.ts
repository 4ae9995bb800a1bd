/**
 * The time in ms since 1970 by the clock of the system as it was when this thread began. When somebody sets that clock, this one goes on: it is
 * for the times between two events, such as the uptime.
 */
export function steadyNowMs(): number {
  return performance.timeOrigin + performance.now();
}
