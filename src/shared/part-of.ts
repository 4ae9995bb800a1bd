/**
 * The part of a number that one of so many workers has: all parts together are the number.
 *
 * @param worker index of the worker, from 0
 */
export function partOf(whole: number, worker: number, workers: number): number {
  return Math.floor(whole / workers) + (worker < whole % workers ? 1 : 0);
}
