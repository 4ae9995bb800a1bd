import type { DocumentLocations } from '../document/document-locations.ts';
import { hasPath, positionIn, variableAt } from '../document/document-locations.ts';
import { Provenance } from '../document/provenance.ts';
import type { Path, Position, Problem } from '../problems/problem.ts';
import { formatPath } from '../problems/problem.ts';
import type { MergedKeys, PathInFile } from './merged-paths.ts';
import { MergedPaths } from './merged-paths.ts';
import type { MergedSource } from './merged-source.ts';

/** The file, line and column of something in a config. */
export interface SourceLocation extends Position {
  /** The file's name, as messages show it. */
  readonly file: string;
}

interface Content {
  readonly files: readonly { readonly file: string; readonly locations: DocumentLocations }[];
  readonly keys: MergedKeys;
  readonly provenance: readonly (readonly [string, Path])[];
}

/**
 * Knows the location of each value of a normalized config, without keeping the parsed files. The table is held as bytes: the thread that
 * loads configs transfers them without a copy, and they are decoded only when a location is needed.
 */
export class SourceLocationTable {
  readonly #bytes: Uint8Array;
  #content: Content | undefined;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** The bytes of a table. They own their whole buffer, so that it can be transferred to another thread. */
  static encode(source: MergedSource, provenance: Provenance): Uint8Array<ArrayBuffer> {
    const content: Content = {
      files: source.files.map(({ file, source: document }) => ({ file, locations: document.locations() })),
      keys: source.paths.keys,
      provenance: [...provenance.entries()],
    };
    return Uint8Array.from(new TextEncoder().encode(JSON.stringify(content)));
  }

  /** The location of a path of the config. For a default, which no file has, it is the location of the nearest section around it. */
  locate(path: Path): SourceLocation {
    const { file, line, column } = this.problem(path, '');
    return { file, line, column };
  }

  /** A problem at a path of the config, with its location. */
  problem(path: Path, message: string): Problem {
    const { file, locations, inFile } = this.#find(path);
    return { file, ...positionIn(locations, inFile.path), path: formatPath(inFile.path), message };
  }

  /** Whether the files themselves have a value at a path of the config. */
  has(path: Path): boolean {
    const { locations, inFile } = this.#find(path);
    return hasPath(locations, inFile.path);
  }

  /** A value of the config in quotes, for messages. For a value from the environment it is what the file has, such as `${env:NAME}`, because the value may be secret. */
  shown(path: Path, value: string): string {
    const { locations, inFile } = this.#find(path);
    return JSON.stringify(variableAt(locations, inFile.path) ?? value);
  }

  #find(path: Path): Content['files'][number] & { readonly inFile: PathInFile } {
    const { files, keys, provenance } = this.#read();
    const inFile = new MergedPaths(keys).toFile(new Provenance(provenance).toFile(path));
    const found = files[inFile.file];
    if (found === undefined) throw new Error(`the config has no file ${inFile.file}`);
    return { ...found, inFile };
  }

  #read(): Content {
    this.#content ??= JSON.parse(new TextDecoder().decode(this.#bytes)) as Content;
    return this.#content;
  }
}
