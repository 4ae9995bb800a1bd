import { SourceLocations } from './source-locations.ts';

/** The program logs from far fewer places. Replaced plugins bring new ones, so the number that is remembered is limited. */
const MAX_KNOWN = 2_000;
/** The end of a line of a stack trace: `file:///a/b.js:12:34)`. */
const LOCATION = /^(.+):(\d+):(\d+)\)?$/;

/** Finds the line of source code that logs. In compiled code a source map leads from the compiled line to the written one. */
export class CallerLocations {
  readonly #sources = new SourceLocations();
  /** Locations that were found before, by the line of the stack trace. */
  readonly #known = new Map<string, string>();

  /**
   * Returns the caller's location such as `src/app.ts:42`, relative to the package's folder. A file outside of it is shown
   * with its name and its last folder. '' when the location is not known.
   *
   * @param skipped number of stack frames between this method and the caller that is meant
   */
  read(skipped: number): string {
    const holder: { stack?: string } = {};
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = skipped + 2;
    Error.captureStackTrace(holder);
    Error.stackTraceLimit = limit;
    const frame = (holder.stack ?? '').split('\n').at(skipped + 2) ?? '';
    const known = this.#known.get(frame);
    if (known !== undefined) return known;
    const location = this.#locationOf(frame);
    if (this.#known.size >= MAX_KNOWN) this.#known.clear();
    this.#known.set(frame, location);
    return location;
  }

  #locationOf(frame: string): string {
    const [, where = '', line = '', column = ''] =
      LOCATION.exec(frame.replace(/^\s*at (?:.* \()?/, '')) ?? [];
    return where === '' ? '' : this.#sources.locationOf(where, Number(line), Number(column));
  }
}
