import type { Candidate } from './balancer.ts';

/** Whose turn it is among `after`, when it was the turn of the one at `next` among `before`: that one, or the next of them that stayed. */
export function dueAt(before: readonly Candidate[], next: number, after: readonly Candidate[]): number {
  const places = new Map(after.map(({ id }, at) => [id, at]));
  for (let passed = 0; passed < before.length; passed++) {
    const at = places.get(before[(next + passed) % before.length]?.id ?? '');
    if (at !== undefined) return at;
  }
  return 0;
}
