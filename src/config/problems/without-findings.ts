import { PLANNED_KEYS } from './planned-keys.ts';
import type { Path } from './problem.ts';

interface Finding {
  readonly path: Path;
  /** The schema keyword that is violated; undefined when the finding is not from the schema. */
  readonly keyword?: string;
}

/** Keys that other parts of a file refer to or are compared with. Without them, later checks would report mistakes that are none. */
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
 * A copy of `value` without the wrong values that nothing else depends on. Later checks can then run, so that a mistyped number does not
 * hide a wrong reference. Undefined when a wrong value is one that other parts depend on.
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
  // An unknown key with a whole section is probably a known key with a typing error.
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
