import type { Path, Position } from '../problems/problem.ts';

/** Line, column, and the index of what is inside when it is a list or a mapping. */
export type PlaceOfNode = readonly [line: number, column: number, inside?: number];

/** The places inside of a list or a mapping. */
export type NodePlaces = readonly PlaceOfNode[] | Readonly<Record<string, PlaceOfNode>>;

/** Where everything of one file stands. What aliases share is there once. */
export interface DocumentPlaces {
  readonly root: PlaceOfNode;
  readonly nodes: readonly NodePlaces[];
}

/** Where a path stands; of its nearest parent where the file does not have it. */
export function positionIn({ root, nodes }: DocumentPlaces, path: Path): Position {
  let place = root;
  for (const part of path) {
    const next = stepInto(place[2] === undefined ? undefined : nodes[place[2]], part);
    if (next === undefined) break;
    place = next;
  }
  return { line: place[0], column: place[1] };
}

function stepInto(places: NodePlaces | undefined, part: string | number): PlaceOfNode | undefined {
  if (places === undefined) return undefined;
  if (isList(places)) return typeof part === 'number' ? places[part] : undefined;
  return Object.hasOwn(places, part) ? places[part] : undefined;
}

function isList(places: NodePlaces): places is readonly PlaceOfNode[] {
  return Array.isArray(places);
}
