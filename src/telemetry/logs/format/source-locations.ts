import { readFileSync } from 'node:fs';
import { SourceMap, type SourceMapPayload } from 'node:module';
import { basename, dirname, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The program has fewer files. Replaced plugins bring new ones, so the number of maps that are kept is limited. */
const MAX_MAPS = 1_000;

/** Finds the source location that belongs to a location in a compiled file, with the source map beside that file. */
export class SourceLocations {
  /** Source maps by module, each read when it is needed first; undefined where a module has none. */
  readonly #maps = new Map<string, SourceMap | undefined>();

  /**
   * Returns a location such as `src/app.ts:240`. Where there is no source map, it is the location in the module itself.
   *
   * @param module path or URL of the module; each loaded version of a plugin has a URL of its own
   * @param line counted from 1, as is `column`
   */
  locationOf(module: string, line: number, column: number): string {
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
    // Sources that run without compilation have no map. A broken map must not prevent the log line.
    return undefined;
  }
}

/** The package's folder, which holds `src`, and `dist` with the compiled files. */
const PACKAGE = packageFolder();

function packageFolder(): string {
  const folder = fileURLToPath(new URL('../../../../', import.meta.url)).replace(/[/\\]$/, '');
  return basename(folder) === 'dist' ? dirname(folder) : folder;
}

function shown(file: string): string {
  const path = file.startsWith(PACKAGE + sep) ? relative(PACKAGE, file) : file.split(sep).slice(-2).join(sep);
  return path.replaceAll(sep, '/');
}
