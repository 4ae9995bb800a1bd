import { findCycles } from './find-cycles.ts';
import { roomOf, type SourceFile } from './read-sources.ts';

/** What can be counted about how a codebase is laid out. */
export interface Structure {
  readonly folders: readonly Folder[];
  /** Imports that cross a border between folders. */
  readonly borders: readonly Border[];
  /** Files that need each other, imports of types included. */
  readonly fileCycles: readonly (readonly string[])[];
  /** Folders that need each other. A folder and one inside of it count as two. */
  readonly folderCycles: readonly (readonly string[])[];
  readonly files: number;
  readonly lines: number;
  readonly imports: number;
  /** Of the files that people write. */
  readonly medianFileLines: number;
  /** Longest first, generated files excepted. */
  readonly longestFiles: readonly { readonly path: string; readonly lines: number }[];
  /** Longest first. */
  readonly longestFunctions: readonly { readonly place: string; readonly lines: number }[];
}

export interface Folder {
  /** A folder, or a file that stands in `src` itself. */
  readonly path: string;
  readonly files: number;
  /** Imports from one file of this folder to another one of it. */
  readonly inner: number;
  /** Imports of files elsewhere. */
  readonly outgoing: number;
  /** Imports by files elsewhere. */
  readonly incoming: number;
}

export interface Border {
  readonly from: string;
  readonly to: string;
  readonly imports: number;
}

export function measureStructure(sources: readonly SourceFile[]): Structure {
  const borders = bordersOf(sources);
  const written = sources.filter(({ isGenerated }) => !isGenerated);
  return {
    folders: foldersOf(sources, borders),
    borders: borders.filter(({ from, to }) => from !== to),
    fileCycles: findCycles(
      graphOf(sources.map(({ path, imports }) => [path, imports.map(({ path }) => path)])),
    ),
    folderCycles: findCycles(
      graphOf(borders.filter(({ from, to }) => from !== to).map(({ from, to }) => [from, [to]])),
    ),
    files: sources.length,
    lines: sum(sources.map(({ lines }) => lines)),
    imports: sum(sources.map(({ imports }) => imports.length)),
    medianFileLines: median(written.map(({ lines }) => lines)),
    longestFiles: longestFirst(written),
    longestFunctions: longestFirst(
      written.flatMap(({ path, functions }) =>
        functions.map(({ name, line, lines }) => ({ place: `${path}:${line} ${name}`, lines })),
      ),
    ),
  };
}

function bordersOf(sources: readonly SourceFile[]): Border[] {
  const counts = new Map<string, Map<string, number>>();
  for (const { room, imports } of sources) {
    const targets = counts.get(room) ?? new Map<string, number>();
    counts.set(room, targets);
    for (const { path } of imports) targets.set(roomOf(path), (targets.get(roomOf(path)) ?? 0) + 1);
  }
  return [...counts].flatMap(([from, targets]) =>
    [...targets].map(([to, imports]) => ({ from, to, imports })),
  );
}

function foldersOf(sources: readonly SourceFile[], borders: readonly Border[]): Folder[] {
  const paths = [...new Set(sources.map(({ room }) => room))].sort();
  const importsOf = (wanted: (border: Border) => boolean): number =>
    sum(borders.filter(wanted).map(({ imports }) => imports));
  return paths.map((path) => ({
    path,
    files: sources.filter(({ room }) => room === path).length,
    inner: importsOf(({ from, to }) => from === path && to === path),
    outgoing: importsOf(({ from, to }) => from === path && to !== path),
    incoming: importsOf(({ from, to }) => from !== path && to === path),
  }));
}

function graphOf(edges: readonly (readonly [string, readonly string[]])[]): Map<string, Set<string>> {
  const graph = new Map<string, Set<string>>();
  for (const [from, targets] of edges) {
    const known = graph.get(from) ?? new Set<string>();
    graph.set(from, known);
    for (const to of targets) known.add(to);
  }
  return graph;
}

function longestFirst<T extends { readonly lines: number }>(items: readonly T[]): T[] {
  return [...items].sort((one, other) => other.lines - one.lines);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
