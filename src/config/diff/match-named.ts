interface Named {
  readonly name: string;
}

/** The items of two lists, by what they are. */
export interface Matches<T> {
  readonly added: readonly T[];
  readonly removed: readonly T[];
  /** In both lists, before and after, in the order of the new one. */
  readonly kept: readonly (readonly [T, T])[];
  /** Whether those in both lists stand in another order. */
  readonly isReordered: boolean;
}

/** Finds the items of one list in the other by name, and those left over by `alias`, so that a renamed item is still known. */
export function matchNamed<T extends Named>(
  before: readonly T[],
  after: readonly T[],
  alias: (item: T) => string | undefined = () => undefined,
): Matches<T> {
  const left = new Set(before);
  const byName = new Map(before.map((item) => [item.name, item]));
  const partners = new Map<T, T>();
  const pair = (item: T, old: T | undefined): void => {
    if (old === undefined || !left.delete(old)) return;
    partners.set(item, old);
  };
  for (const item of after) pair(item, byName.get(item.name));
  for (const item of after) {
    if (partners.has(item)) continue;
    const key = alias(item);
    if (key !== undefined)
      pair(
        item,
        [...left].find((old) => alias(old) === key),
      );
  }
  const kept = after.flatMap((item) => {
    const old = partners.get(item);
    return old === undefined ? [] : [[old, item] as const];
  });
  const places = new Map(before.map((item, index) => [item, index]));
  const order = kept.map(([old]) => places.get(old) ?? 0);
  return {
    added: after.filter((item) => !partners.has(item)),
    removed: [...left],
    kept,
    isReordered: order.some((place, index) => index > 0 && place < (order[index - 1] ?? 0)),
  };
}
