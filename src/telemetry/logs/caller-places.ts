import { SourcePlaces } from './source-places.ts';

/** A program has far fewer places that log; plugins that are replaced bring new ones, and must not fill the memory. */
const MAX_KNOWN = 2_000;
/** What a line of the stack ends with: `file:///a/b.js:12:34)`. */
const PLACE = /^(.+):(\d+):(\d+)\)?$/;

/** Tells which line of the program calls: the one that somebody wrote, where a source map leads from the compiled one to it. */
export class CallerPlaces {
  readonly #sources = new SourcePlaces();
  /** What was found out, by the line of the stack. */
  readonly #known = new Map<string, string>();

  /**
   * `src/runtime/reload/reloader.ts:42`, seen from the package's folder; of a file outside it the last folder and the name. '' when nobody
   * can tell.
   *
   * @param skipped how many functions stand between the one that is meant and this one
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
    const place = this.#placeOf(frame);
    if (this.#known.size >= MAX_KNOWN) this.#known.clear();
    this.#known.set(frame, place);
    return place;
  }

  #placeOf(frame: string): string {
    const [, where = '', line = '', column = ''] = PLACE.exec(frame.replace(/^\s*at (?:.* \()?/, '')) ?? [];
    return where === '' ? '' : this.#sources.placeOf(where, Number(line), Number(column));
  }
}
