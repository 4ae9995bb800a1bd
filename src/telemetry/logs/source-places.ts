import { readFileSync } from 'node:fs';
import { SourceMap, type SourceMapPayload } from 'node:module';
import { basename, dirname, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** More files than the program has; plugins that are replaced bring new ones. */
const MAX_MAPS = 1_000;

/** Finds the place in the source of a place in a compiled file, through the map that lies beside the file. */
export class SourcePlaces {
  /** By module; undefined where there is none. Read when the first place in a module is asked for. */
  readonly #maps = new Map<string, SourceMap | undefined>();

  /**
   * `src/app.ts:240`. Without a map it is the place in the module itself.
   *
   * @param module its path or address; another state of a plugin has another address
   * @param line from 1, as `column`
   */
  placeOf(module: string, line: number, column: number): string {
    const file = pathOf(module);
    const entry = this.#mapOf(module, file)?.findEntry(line - 1, column - 1);
    if (entry === undefined || !('originalSource' in entry)) return `${shown(file)}:${String(line)}`;
    const source = resolve(dirname(file), pathOf(entry.originalSource));
    return `${shown(source)}:${String(entry.originalLine + 1)}`;
  }

  #mapOf(module: string, file: string): SourceMap | undefined {
    if (this.#maps.has(module)) return this.#maps.get(module);
    if (this.#maps.size >= MAX_MAPS) this.#maps.clear();
    const map = readMap(`${file}.map`);
    this.#maps.set(module, map);
    return map;
  }
}

function pathOf(module: string): string {
  if (!module.startsWith('file:')) return module;
  try {
    return fileURLToPath(module);
  } catch {
    return module;
  }
}

function readMap(file: string): SourceMap | undefined {
  try {
    return new SourceMap(JSON.parse(readFileSync(file, 'utf8')) as SourceMapPayload);
  } catch {
    // Sources that run as they are have no map, and a broken map must not keep a line out of the log.
    return undefined;
  }
}

/** The folder of the package: this module lies two folders below it, as a source, or three when it is compiled. */
const PACKAGE = packageFolder();

function packageFolder(): string {
  const folder = fileURLToPath(new URL('../../../', import.meta.url)).replace(/[/\\]$/, '');
  return basename(folder) === 'dist' ? dirname(folder) : folder;
}

function shown(file: string): string {
  const path = file.startsWith(PACKAGE + sep) ? relative(PACKAGE, file) : file.split(sep).slice(-2).join(sep);
  return path.replaceAll(sep, '/');
}
