/** The items of two lists, by what they are. */
export interface Matches<T> {
  readonly added: readonly T[];
  readonly removed: readonly T[];
  /** In both lists, before and after, in the order of the new one. */
  readonly kept: readonly (readonly [T, T])[];
  /** Whether those in both lists stand in another order. */
  readonly isReordered: boolean;
}

/** What tells an item from others; undefined: it says nothing about this one. */
export type Identity<T> = (item: T) => string | undefined;

/** Finds the items of one list in the other: those with the same first identity, then among the rest those with the same next one. */
export function matchItems<T>(
  before: readonly T[],
  after: readonly T[],
  identities: readonly Identity<T>[],
): Matches<T> {
  const partners = new Map<T, T>();
  const left = new Set(before);
  for (const identity of identities) {
    const known = byIdentity(left, identity);
    for (const item of after) {
      if (partners.has(item)) continue;
      const old = known.get(identity(item) ?? '')?.shift();
      if (old === undefined) continue;
      partners.set(item, old);
      left.delete(old);
    }
  }
  const kept = after.flatMap((item) => {
    const old = partners.get(item);
    return old === undefined ? [] : [[old, item] as const];
  });
  return {
    added: after.filter((item) => !partners.has(item)),
    removed: [...left],
    kept,
    isReordered: isReordered(before, kept),
  };
}

function byIdentity<T>(items: Iterable<T>, identity: Identity<T>): Map<string, T[]> {
  const known = new Map<string, T[]>();
  for (const item of items) {
    const key = identity(item);
    if (key === undefined) continue;
    const same = known.get(key);
    if (same === undefined) known.set(key, [item]);
    else same.push(item);
  }
  return known;
}

function isReordered<T>(before: readonly T[], kept: readonly (readonly [T, T])[]): boolean {
  const places = new Map(before.map((item, index) => [item, index]));
  let last = -1;
  for (const [old] of kept) {
    const place = places.get(old) ?? 0;
    if (place < last) return true;
    last = place;
  }
  return false;
}
