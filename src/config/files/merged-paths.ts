import type { Path } from '../problems/problem.ts';

/** The items that one file adds to a list. */
export interface ListSpan {
  /** Index of the file. */
  readonly file: number;
  /** Index of its first item in the merged list. */
  readonly start: number;
  readonly count: number;
}

/** Which file each top-level key came from. Plain data, so that it can be sent to another thread. */
export interface MergedKeys {
  /** The index of the file that has the key; of the first file, when several add to a list. */
  readonly owners: Readonly<Record<string, number>>;
  /** Lists that several files add to. */
  readonly lists: Readonly<Record<string, readonly ListSpan[]>>;
}

/** A path within one of the files. */
export interface PathInFile {
  /** Index of the file. */
  readonly file: number;
  readonly path: Path;
}

/** Translates paths of the merged config into paths within its files, and back. */
export class MergedPaths {
  readonly keys: MergedKeys;

  constructor(keys: MergedKeys) {
    this.keys = keys;
  }

  toFile(path: Path): PathInFile {
    const [key, index, ...rest] = path;
    if (typeof key !== 'string') return { file: 0, path };
    const { owners, lists } = this.keys;
    const spans = Object.hasOwn(lists, key) ? lists[key] : undefined;
    if (typeof index === 'number' && spans !== undefined) {
      const span = spans.findLast(({ start, count }) => index >= start && count > 0) ?? spans[0];
      if (span !== undefined) return { file: span.file, path: [key, index - span.start, ...rest] };
    }
    return { file: (Object.hasOwn(owners, key) ? owners[key] : undefined) ?? 0, path };
  }

  toMerged({ file, path }: PathInFile): Path {
    const [key, index, ...rest] = path;
    if (typeof key !== 'string' || typeof index !== 'number') return path;
    const spans = Object.hasOwn(this.keys.lists, key) ? this.keys.lists[key] : undefined;
    const span = spans?.find((candidate) => candidate.file === file);
    return span === undefined ? path : [key, span.start + index, ...rest];
  }
}
