import type { Logger } from '../../plugin-api/index.ts';
import type { ShortageCounts } from '../../readings/process.ts';
import type { OpenFilesLimit } from './open-files-limit.ts';

/** Hears of work that could not be done for lack of a resource. */
export interface ShortageListener {
  /** @param code the system's */
  note(code: string, counts: Partial<ShortageCounts>): void;
  /** Called again and again. */
  lookAgain(): void;
}

export interface ShortageLogOptions {
  readonly logger: Logger;
  readonly openFiles: Pick<OpenFilesLimit, 'value' | 'countOpen'>;
  /** While a shortage lasts, the time between two warnings. Default: 1 min. */
  readonly quietMs?: number | undefined;
  /** After how long without a failure a shortage counts as over. Default: 10 s. */
  readonly overAfterMs?: number | undefined;
}

const QUIET_MS = 60_000;
export const OVER_AFTER_MS = 10_000;
export const NO_SHORTAGES: ShortageCounts = { accept: 0, connect: 0, check: 0 };

/** Warns of shortages: once for the whole proxy, however many threads it has. */
export class ShortageLog implements ShortageListener {
  readonly #logger: Logger;
  readonly #openFiles: Pick<OpenFilesLimit, 'value' | 'countOpen'>;
  readonly #quietMs: number;
  readonly #overAfterMs: number;
  #sinceMs: number | undefined;
  #lastAtMs = 0;
  #warnedAtMs = Number.NEGATIVE_INFINITY;
  /** What is in no line yet. */
  #counts = NO_SHORTAGES;

  constructor({ logger, openFiles, quietMs = QUIET_MS, overAfterMs = OVER_AFTER_MS }: ShortageLogOptions) {
    this.#logger = logger;
    this.#openFiles = openFiles;
    this.#quietMs = quietMs;
    this.#overAfterMs = overAfterMs;
  }

  note(code: string, counts: Partial<ShortageCounts>): void {
    const nowMs = performance.now();
    this.#counts = addShortages(this.#counts, counts);
    this.#lastAtMs = nowMs;
    this.#sinceMs ??= Date.now();
    if (nowMs - this.#warnedAtMs < this.#quietMs) return;
    this.#warnedAtMs = nowMs;
    this.#logger.warn(MESSAGES[code] ?? 'this machine runs out of resources; backends are not to blame', {
      code,
      ...this.#openFilesFields(code),
      ...this.#countFields(),
    });
  }

  lookAgain(): void {
    if (this.#sinceMs === undefined || performance.now() - this.#lastAtMs < this.#overAfterMs) return;
    const seconds = Math.round((Date.now() - this.#sinceMs) / 1_000);
    this.#sinceMs = undefined;
    this.#warnedAtMs = Number.NEGATIVE_INFINITY;
    this.#logger.info('there are enough resources again', {
      after: `${String(seconds)}s`,
      ...this.#countFields(),
    });
  }

  #openFilesFields(code: string): Record<string, string> {
    const limit = this.#openFiles.value;
    if (code !== 'EMFILE' || !Number.isFinite(limit)) return {};
    const open = this.#openFiles.countOpen();
    return {
      open_files: `${open === undefined ? 'nearly all' : String(open)} of ${String(limit)} (ulimit -n)`,
    };
  }

  #countFields(): Record<string, number> {
    const { accept, connect, check } = this.#counts;
    this.#counts = NO_SHORTAGES;
    return { clients_refused: accept, connects_failed: connect, checks_skipped: check };
  }
}

/** Both together. */
export function addShortages(counts: ShortageCounts, more: Partial<ShortageCounts>): ShortageCounts {
  return {
    accept: counts.accept + (more.accept ?? 0),
    connect: counts.connect + (more.connect ?? 0),
    check: counts.check + (more.check ?? 0),
  };
}

const MESSAGES: Readonly<Record<string, string>> = {
  EMFILE:
    'too few file descriptors, clients are refused; backends are not to blame: raise the limit (LimitNOFILE, ulimit -n)',
  ENFILE: 'this machine has too many open files (sysctl fs.file-max); backends are not to blame',
  EADDRNOTAVAIL:
    'no local port is free for a connection to a backend (sysctl net.ipv4.ip_local_port_range); backends are not to blame',
};
