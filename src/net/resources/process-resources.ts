import type { Logger } from '../../plugin-api/index.ts';
import type { ResourcesReading, ShortageCounts, ShortageOf } from '../../readings/process.ts';
import { OpenFilesLimit } from './open-files-limit.ts';
import { OVER_AFTER_MS, ShortageLog, type ShortageListener } from './shortage-log.ts';

export interface ProcessResourcesOptions {
  /** Where shortages are logged. A worker says them to the supervisor instead. */
  readonly shortages: { readonly logger: Logger } | ShortageListener;
  /** Default: that of this process. */
  readonly openFiles?: Pick<OpenFilesLimit, 'value' | 'read' | 'countOpen' | 'close'>;
  /** While a shortage lasts, the time between two warnings. Default: 1 min. */
  readonly quietMs?: number;
  /** How often limits are read again, and after how long without a failure a shortage counts as over. Default: 2 s and 10 s. */
  readonly lookAgainMs?: number;
  readonly overAfterMs?: number;
}

const LOOK_AGAIN_MS = 2_000;
/** One of each kind. */
const ONE = { accept: { accept: 1 }, connect: { connect: 1 }, check: { check: 1 } } as const;
/** This share of the limit is not for clients, so that the admin server, logs, reloads and connections to backends still work. */
const RESERVED_PART = 1 / 16;
const MIN_RESERVED = 16;
const MAX_RESERVED = 256;

/**
 * Resources that this process may run out of, above all file descriptors. A shortage does not count as a failure of a backend: it is
 * counted and logged here.
 *
 * The system gives each new descriptor the lowest free number, so a number near the limit means that nearly all lower numbers are in
 * use. By that number clients are refused before the limit is reached: at the limit, Node.js would close them without a notice.
 */
export class ProcessResources {
  readonly #shortages: ShortageListener;
  readonly #openFiles: Pick<OpenFilesLimit, 'value' | 'read' | 'countOpen' | 'close'>;
  readonly #overAfterMs: number;
  readonly #timer: NodeJS.Timeout;
  readonly #counts: Record<ShortageOf, number> = { accept: 0, connect: 0, check: 0 };
  /** Descriptors from these numbers on are not for clients, and not for connections to backends. */
  #clientsEnd = Number.POSITIVE_INFINITY;
  #backendsEnd = Number.POSITIVE_INFINITY;
  #shortSinceMs: number | undefined;
  #lastAtMs = 0;

  constructor(options: ProcessResourcesOptions) {
    const { shortages, openFiles = new OpenFilesLimit(), quietMs, overAfterMs = OVER_AFTER_MS } = options;
    this.#openFiles = openFiles;
    this.#overAfterMs = overAfterMs;
    this.#shortages =
      'logger' in shortages
        ? new ShortageLog({ logger: shortages.logger, openFiles, quietMs, overAfterMs })
        : shortages;
    this.#setBounds();
    this.#timer = setInterval(() => this.#lookAgain(), options.lookAgainMs ?? LOOK_AGAIN_MS).unref();
  }

  /** Whether a client whose connection has that descriptor can be served. */
  hasRoomForClient(descriptor: number): boolean {
    return descriptor < this.#clientsEnd;
  }

  /** Whether a connection to a backend may keep that descriptor. */
  hasRoomForBackend(descriptor: number): boolean {
    return descriptor < this.#backendsEnd;
  }

  /** How many files may be open; infinite when there is no limit, or when it is not known. */
  get openFilesLimit(): number {
    return this.#openFiles.value;
  }

  /** Counts work that could not be done for lack of a resource. `code` is the system's, or `EMFILE` when too few descriptors would be left. */
  noteShortage(of: ShortageOf, code: string): void {
    this.#counts[of] += 1;
    this.#lastAtMs = performance.now();
    if (this.#shortSinceMs === undefined) this.#setBounds();
    this.#shortSinceMs ??= Date.now();
    this.#shortages.note(code, ONE[of]);
  }

  /** A worker could not do some work. It counts that itself, and logs nothing. */
  noteElsewhere(code: string, counts: ShortageCounts): void {
    this.#shortages.note(code, counts);
  }

  /** How often each kind of work failed for lack of a resource. */
  get counts(): Readonly<Record<ShortageOf, number>> {
    return this.#counts;
  }

  /** Reads the limit on open files again; undefined where there is none, or none is known. */
  readLimit(): number | undefined {
    const limit = this.#openFiles.read();
    return Number.isFinite(limit) ? limit : undefined;
  }

  reading(): ResourcesReading {
    return {
      limit: this.readLimit(),
      open: this.#openFiles.countOpen(),
      shortSinceMs: this.#shortSinceMs,
      counts: this.#counts,
    };
  }

  destroy(): void {
    clearInterval(this.#timer);
    this.#openFiles.close();
  }

  #lookAgain(): void {
    this.#setBounds();
    if (performance.now() - this.#lastAtMs >= this.#overAfterMs) this.#shortSinceMs = undefined;
    this.#shortages.lookAgain();
  }

  #setBounds(): void {
    const limit = this.#openFiles.read();
    const reserved = Math.min(
      MAX_RESERVED,
      Math.max(Math.min(MIN_RESERVED, limit / 4), limit * RESERVED_PART),
    );
    this.#clientsEnd = Number.isFinite(limit) ? limit - Math.floor(reserved) : limit;
    this.#backendsEnd = Number.isFinite(limit) ? limit - Math.floor(reserved / 2) : limit;
  }
}
