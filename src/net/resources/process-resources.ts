import type { Logger } from '../../plugin-api/index.ts';
import type { ResourcesReading, ShortageOf } from '../../readings/process.ts';
import { OpenFilesLimit } from './open-files-limit.ts';

export interface ProcessResourcesOptions {
  readonly logger: Logger;
  /** Default: that of this process. */
  readonly openFiles?: Pick<OpenFilesLimit, 'value' | 'read' | 'countOpen' | 'close'>;
  /** While a shortage lasts, the time between two warnings. Default: 1 min. */
  readonly quietMs?: number;
  /** How often limits are read again, and after how long without a failure a shortage counts as over. Default: 2 s and 10 s. */
  readonly lookAgainMs?: number;
  readonly overAfterMs?: number;
}

const QUIET_MS = 60_000;
const LOOK_AGAIN_MS = 2_000;
const OVER_AFTER_MS = 10_000;
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
  readonly #logger: Logger;
  readonly #openFiles: Pick<OpenFilesLimit, 'value' | 'read' | 'countOpen' | 'close'>;
  readonly #quietMs: number;
  readonly #overAfterMs: number;
  readonly #timer: NodeJS.Timeout;
  readonly #counts: Record<ShortageOf, number> = { accept: 0, connect: 0, check: 0 };
  /** Descriptors from these numbers on are not for clients, and not for connections to backends. */
  #clientsEnd = Number.POSITIVE_INFINITY;
  #backendsEnd = Number.POSITIVE_INFINITY;
  #shortSinceMs: number | undefined;
  #lastAtMs = 0;
  #warnedAtMs = Number.NEGATIVE_INFINITY;
  /** The counts at the last log line. */
  #reported: Readonly<Record<ShortageOf, number>> = { accept: 0, connect: 0, check: 0 };

  constructor(options: ProcessResourcesOptions) {
    this.#logger = options.logger;
    this.#openFiles = options.openFiles ?? new OpenFilesLimit();
    this.#quietMs = options.quietMs ?? QUIET_MS;
    this.#overAfterMs = options.overAfterMs ?? OVER_AFTER_MS;
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
    const nowMs = performance.now();
    this.#lastAtMs = nowMs;
    this.#shortSinceMs ??= Date.now();
    if (nowMs - this.#warnedAtMs < this.#quietMs) return;
    this.#warnedAtMs = nowMs;
    this.#setBounds();
    this.#logger.warn(MESSAGES[code] ?? 'this machine runs out of resources; backends are not to blame', {
      code,
      ...this.#openFilesFields(code),
      ...this.#countsSinceReport(),
    });
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
    if (this.#shortSinceMs === undefined || performance.now() - this.#lastAtMs < this.#overAfterMs) return;
    const seconds = Math.round((Date.now() - this.#shortSinceMs) / 1_000);
    this.#shortSinceMs = undefined;
    this.#warnedAtMs = Number.NEGATIVE_INFINITY;
    this.#logger.info('there are enough resources again', {
      after: `${String(seconds)}s`,
      ...this.#countsSinceReport(),
    });
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

  #openFilesFields(code: string): Record<string, string> {
    const limit = this.#openFiles.value;
    if (code !== 'EMFILE' || !Number.isFinite(limit)) return {};
    const open = this.#openFiles.countOpen();
    return {
      open_files: `${open === undefined ? 'nearly all' : String(open)} of ${String(limit)} (ulimit -n)`,
    };
  }

  #countsSinceReport(): Record<string, number> {
    const since = (of: ShortageOf): number => this.#counts[of] - this.#reported[of];
    const fields = {
      clients_refused: since('accept'),
      connects_failed: since('connect'),
      checks_skipped: since('check'),
    };
    this.#reported = { ...this.#counts };
    return fields;
  }
}

const MESSAGES: Readonly<Record<string, string>> = {
  EMFILE:
    'too few file descriptors, clients are refused; backends are not to blame: raise the limit (LimitNOFILE, ulimit -n)',
  ENFILE: 'this machine has too many open files (sysctl fs.file-max); backends are not to blame',
  EADDRNOTAVAIL:
    'no local port is free for a connection to a backend (sysctl net.ipv4.ip_local_port_range); backends are not to blame',
};
