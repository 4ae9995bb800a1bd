import type { Amounts } from '../../../readings/counts/counted.ts';

/**
 * Merges lists whose items are about the same things: items with the same key become one. They stand in the order of the first list that has
 * them. Two items of one list stay two, and are merged with the first and the second of that key in the other lists.
 */
export function mergeByKey<T>(
  lists: readonly (readonly T[])[],
  keyOf: (item: T) => string,
  merge: (merged: T, item: T) => T,
): T[] {
  const byKey = new Map<string, T>();
  for (const list of lists) {
    const seen = new Map<string, number>();
    for (const item of list) {
      const key = keyOf(item);
      const nth = seen.get(key) ?? 0;
      seen.set(key, nth + 1);
      const own = `${String(nth)} ${key}`;
      const merged = byKey.get(own);
      byKey.set(own, merged === undefined ? item : merge(merged, item));
    }
  }
  return [...byKey.values()];
}

/** A key of several texts. */
export function keyOf(...parts: readonly (string | number | boolean | undefined)[]): string {
  return JSON.stringify(parts);
}

/** Adds up numbers by their names. */
export function sum<T extends Amounts<T>>(a: T, b: T): T {
  const added: Record<string, number> = { ...a };
  for (const [name, amount] of Object.entries<number>(b)) added[name] = (added[name] ?? 0) + amount;
  return added as T;
}

/** All numbers of workers that did not answer. */
export function unansweredOf(readings: readonly { readonly unanswered: readonly number[] }[]): number[] {
  return readings.flatMap(({ unanswered }) => unanswered);
}
