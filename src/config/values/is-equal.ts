/**
 * Whether two settings mean the same: the one equality for values of a config, and for settings made of them. The order of keys
 * does not count, and a key with the value undefined counts as absent.
 */
export function isEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && isSameList(a, b);
  if (Array.isArray(b)) return false;
  return hasAllOf(a as Values, b as Values) && hasOnlyKeysOf(b as Values, a as Values);
}

type Values = Readonly<Record<string, unknown>>;

function isSameList(a: readonly unknown[], b: readonly unknown[]): boolean {
  for (let index = 0; index < a.length; index++) if (!isEqual(a[index], b[index])) return false;
  return true;
}

function hasAllOf(a: Values, b: Values): boolean {
  for (const key in a) if (!isEqual(a[key], b[key])) return false;
  return true;
}

function hasOnlyKeysOf(b: Values, a: Values): boolean {
  for (const key in b) if (b[key] !== undefined && a[key] === undefined) return false;
  return true;
}
