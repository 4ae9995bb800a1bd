import type { Path, Position } from '../problems/problem.ts';

/**
 * Line and column of a node. A list or mapping also has the index of its {@link InnerLocations}, and a value from the environment the
 * file's text with the variable.
 */
export type NodeLocation = readonly [line: number, column: number, inside?: number | null, variable?: string];

/** The locations of the items of a list, or of the values of a mapping. */
export type InnerLocations = readonly NodeLocation[] | Readonly<Record<string, NodeLocation>>;

/** The locations of all values of one file, as plain data. A list or mapping that aliases share is stored once. */
export interface DocumentLocations {
  readonly root: NodeLocation;
  readonly nodes: readonly InnerLocations[];
}

/** The position of a path. When the file does not have the path, it is the position of its nearest parent. */
export function positionIn(locations: DocumentLocations, path: Path): Position {
  const [line, column] = find(locations, path).location;
  return { line, column };
}

/** Whether the file itself has a value at that path. */
export function hasPath(locations: DocumentLocations, path: Path): boolean {
  return find(locations, path).isExact;
}

/** The file's text for a value that came from the environment, such as `${env:NAME}`; undefined for any other value. */
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
