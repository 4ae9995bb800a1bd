import { Origins } from '../document/origins.ts';
import type { Path, Position, Problem } from '../problems/problem.ts';
import { formatPath } from '../problems/problem.ts';
import type { DocumentPlaces } from '../document/document-places.ts';
import { positionIn } from '../document/document-places.ts';
import type { MergedKeys } from './merged-paths.ts';
import { MergedPaths } from './merged-paths.ts';
import type { MergedSource } from './merged-source.ts';

/** A place in one of the files of a config. */
export interface FilePosition extends Position {
  /** As it was named to the load, or as its include names it. */
  readonly file: string;
}

interface Content {
  readonly files: readonly { readonly file: string; readonly places: DocumentPlaces }[];
  readonly keys: MergedKeys;
  readonly origins: readonly (readonly [string, Path])[];
}

/**
 * Knows where each place of a normalized config stands, without holding the parsed files. It is made of bytes, which
 * another thread gets for nothing, and which are read when somebody asks for the first time.
 */
export class PlaceTable {
  readonly #bytes: Uint8Array;
  #content: Content | undefined;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** The bytes of a table; they have their buffer to themselves. */
  static encode(source: MergedSource, origins: Origins): Uint8Array<ArrayBuffer> {
    const content: Content = {
      files: source.files.map(({ file, source: document }) => ({ file, places: document.places() })),
      keys: source.paths.keys,
      origins: [...origins.entries()],
    };
    return Uint8Array.from(new TextEncoder().encode(JSON.stringify(content)));
  }

  /** Where a place of the config stands; the nearest place around it where a default stands there. */
  locate(path: Path): FilePosition {
    const { file, line, column } = this.problem(path, '');
    return { file, line, column };
  }

  problem(path: Path, message: string): Problem {
    const { files, keys, origins } = this.#read();
    const place = new MergedPaths(keys).toFile(new Origins(origins).toFile(path));
    const found = files[place.file];
    if (found === undefined) throw new Error(`the config has no file ${place.file}`);
    const { file, places } = found;
    return { file, ...positionIn(places, place.path), path: formatPath(place.path), message };
  }

  #read(): Content {
    this.#content ??= JSON.parse(new TextDecoder().decode(this.#bytes)) as Content;
    return this.#content;
  }
}
