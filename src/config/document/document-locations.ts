import type { Path, Position } from '../problems/problem.ts';

/** Line and column of a node, and the index of its {@link InnerLocations} when it is a list or a mapping. */
export type NodeLocation = readonly [line: number, column: number, inside?: number];

/** The locations of the items of a list, or of the values of a mapping. */
export type InnerLocations = readonly NodeLocation[] | Readonly<Record<string, NodeLocation>>;

/** Where every value of one file stands, as plain data. A list or mapping that aliases share is stored once. */
export interface DocumentLocations {
  readonly root: NodeLocation;
  readonly nodes: readonly InnerLocations[];
}

/** Where a path stands; where the file does not have it, the position of its nearest parent. */
export function positionIn(locations: DocumentLocations, path: Path): Position {
  return find(locations, path).position;
}

function find(
  { root, nodes }: DocumentLocations,
  path: Path,
): { readonly position: Position; readonly isExact: boolean } {
  let [line, column, inside] = root;
  for (const part of path) {
    const next = stepInto(inside === undefined ? undefined : nodes[inside], part);
    if (next === undefined) return { position: { line, column }, isExact: false };
    [line, column, inside] = next;
  }
  return { position: { line, column }, isExact: true };
}

function stepInto(inner: InnerLocations | undefined, part: string | number): NodeLocation | undefined {
  if (inner === undefined) return undefined;
  if (isList(inner)) return typeof part === 'number' ? inner[part] : undefined;
  return Object.hasOwn(inner, part) ? inner[part] : undefined;
}

function isList(inner: InnerLocations): inner is readonly NodeLocation[] {
  return Array.isArray(inner);
}
