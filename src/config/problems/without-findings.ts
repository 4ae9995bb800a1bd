import { PLANNED_KEYS } from './planned-keys.ts';
import type { Path } from './problem.ts';

interface Finding {
  readonly path: Path;
  /** The keyword of the schema that does not hold, if it was the schema. */
  readonly keyword?: string;
}

/** What other parts of a file refer to or are compared with: without it, later checks would find mistakes that are none. */
const IDENTIFYING_KEYS: ReadonlySet<string | number> = new Set([
  'name',
  'address',
  'listen',
  'mode',
  'upstream',
  'backends',
  'algorithm',
  'strategy',
]);

/**
 * A copy of `value` without the wrong values that stand for themselves, so that a mistyped number does not hide
 * a wrong reference until the next try. Undefined when something is wrong that other parts depend on.
 */
export function withoutFindings(value: unknown, findings: readonly Finding[]): unknown {
  const copy: unknown = structuredClone(value);
  for (const finding of findings) if (!remove(copy, finding)) return undefined;
  return copy;
}

function remove(root: unknown, { path, keyword }: Finding): boolean {
  const key = path.at(-1);
  const parent = parentOf(root, path);
  if (typeof key !== 'string' || parent === undefined || IDENTIFYING_KEYS.has(key)) return false;
  const wrong = parent[key];
  // A section under an unknown key is likely a known one with a typing error.
  if (typeof wrong === 'object' && wrong !== null && !PLANNED_KEYS.has(key)) return false;
  if (keyword === 'required' || keyword === 'dependentRequired' || keyword === 'false schema') return false;
  return Reflect.deleteProperty(parent, key);
}

function parentOf(root: unknown, path: Path): Record<string, unknown> | undefined {
  let value = root;
  for (const part of path.slice(0, -1)) {
    value = (value as Record<string | number, unknown> | undefined)?.[part];
  }
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
}
