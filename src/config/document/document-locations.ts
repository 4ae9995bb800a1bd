import type { Path, Position } from '../problems/problem.ts';

/**
 * Line and column of a node; for a list or mapping the index of its {@link InnerLocations}; for a value from the environment
 * the text of the file, which has the variable.
 */
export type NodeLocation = readonly [line: number, column: number, inside?: number | null, variable?: string];

/** The locations of the items of a list, or of the values of a mapping. */
export type InnerLocations = readonly NodeLocation[] | Readonly<Record<string, NodeLocation>>;

/** Where every value of one file stands, as plain data. A list or mapping that aliases share is stored once. */
export interface DocumentLocations {
  readonly root: NodeLocation;
  readonly nodes: readonly InnerLocations[];
}

/** Where a path stands; where the file does not have it, the position of its nearest parent. */
export function positionIn(locations: DocumentLocations, path: Path): Position {
  const [line, column] = find(locations, path).location;
  return { line, column };
}

/** Whether the file itself has a value at that path. */
export function hasPath(locations: DocumentLocations, path: Path): boolean {
  return find(locations, path).isExact;
}

/** What the file says where the value at that path came from the environment; undefined where it did not. */
export function variableAt(locations: DocumentLocations, path: Path): string | undefined {
  const { location, isExact } = find(locations, path);
  return isExact ? location[3] : undefined;
}

function find(
  { root, nodes }: DocumentLocations,
  path: Path,
): { readonly location: NodeLocation; readonly isExact: boolean } {
  let location = root;
  for (const part of path) {
    const inside = location[2];
    const next = stepInto(typeof inside === 'number' ? nodes[inside] : undefined, part);
    if (next === undefined) return { location, isExact: false };
    location = next;
  }
  return { location, isExact: true };
}

function stepInto(inner: InnerLocations | undefined, part: string | number): NodeLocation | undefined {
  if (inner === undefined) return undefined;
  if (isList(inner)) return typeof part === 'number' ? inner[part] : undefined;
  return Object.hasOwn(inner, part) ? inner[part] : undefined;
}

function isList(inner: InnerLocations): inner is readonly NodeLocation[] {
  return Array.isArray(inner);
}
