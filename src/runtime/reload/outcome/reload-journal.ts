import { ConfigError } from '../../../config/load/config-error.ts';
import type { ConfigChange } from '../../../config/diff/config-change.ts';
import type { Problem } from '../../../config/problems/problem.ts';
import { messageOf } from '../../../errors.ts';
import type { Logger } from '../../../plugin-api/index.ts';
import type { ReloadTotals } from '../../../readings/reload.ts';
import type { CommitReport } from '../../control/proxy-control.ts';
import type { ReloadOutcome, ReloadSource } from './reload-outcome.ts';

/** Counts of the reloads that one source asked for. */
export interface ReloadSourceCounts {
  readonly source: ReloadSource;
  succeeded: number;
  failed: number;
}

/** A reload that runs. */
export interface BegunReload {
  readonly source: ReloadSource;
  /** ms since 1970. */
  readonly atMs: number;
  /** The same moment by `performance.now()`. */
  readonly sinceMs: number;
}

/** What a reload changed. */
export interface ReloadChanges {
  /** In a line. */
  readonly summary: string;
  readonly changes: readonly ConfigChange[];
  readonly warnings: readonly Problem[];
  readonly swap: CommitReport;
}

/** The generation that is live after a reload; undefined when there is none. */
export type LiveGeneration = { readonly id: number; readonly hash: string } | undefined;

/** Reloads for these reasons read the files of the config. */
const READS_FILES: ReadonlySet<ReloadSource> = new Set(['file', 'signal', 'admin']);
/** All sources but the start, which is no reload. */
const RELOAD_SOURCES = ['file', 'signal', 'admin', 'plugins', 'rollback', 'guard', 'program'] as const;

/** Writes down what became of each reload: the last outcome, counts by source, a log line. */
export class ReloadJournal {
  readonly #logger: Logger;
  readonly #bySource: ReadonlyMap<ReloadSource, ReloadSourceCounts> = new Map(
    RELOAD_SOURCES.map((source) => [source, { source, succeeded: 0, failed: 0 }]),
  );
  #last: ReloadOutcome | undefined;
  #refused: ReloadOutcome | undefined;
  #lastSuccess: ReloadOutcome | undefined;
  #lastSuccessAtMs: number | undefined;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** The reloads in numbers, for metrics. */
  totals(): ReloadTotals {
    return {
      counts: Array.from(this.#bySource.values(), (counts) => ({ ...counts })),
      lastSucceeded: this.#last?.ok ?? true,
      lastSuccessAtMs: this.#lastSuccessAtMs,
      lastDurationMs: this.#last?.durationMs,
      lastSkewMs: this.#lastSuccess?.skewMs,
    };
  }

  /** Counts since the start. The start itself is not counted. */
  countsBySource(): Iterable<Readonly<ReloadSourceCounts>> {
    return this.#bySource.values();
  }

  /**
   * The outcome of the last reload, or of the start; undefined before that. While the files hold a config that was refused, the success of
   * a reload for plugins alone does not replace that refusal.
   */
  get last(): ReloadOutcome | undefined {
    return this.#last;
  }

  /** The outcome of the last reload that made a config live, the start included. */
  get lastSuccess(): ReloadOutcome | undefined {
    return this.#lastSuccess;
  }

  /** When a config last became live, ms since 1970. */
  get lastSuccessAtMs(): number | undefined {
    return this.#lastSuccessAtMs;
  }

  /** Why the config in the files is not live; undefined while it is, or while something else replaced it on purpose. */
  get refused(): ReloadOutcome | undefined {
    return this.#refused;
  }

  begin(source: ReloadSource): BegunReload {
    return { source, atMs: Date.now(), sinceMs: performance.now() };
  }

  /** The first config is live. That is no reload: it is neither counted nor logged. */
  started(begun: BegunReload, changes: ReloadChanges, live: LiveGeneration): ReloadOutcome {
    return this.#keep(successOf(begun, changes, live));
  }

  succeeded(begun: BegunReload, changes: ReloadChanges, live: LiveGeneration): ReloadOutcome {
    const outcome = this.#keep(successOf(begun, changes, live));
    this.#count(outcome);
    this.#logSuccess(outcome);
    return outcome;
  }

  /** Nothing changed. */
  failed(begun: BegunReload, error: unknown, live: LiveGeneration): ReloadOutcome {
    const outcome = this.#keep(failureOf(begun, error, live));
    if (READS_FILES.has(begun.source)) this.#refused = outcome;
    this.#count(outcome);
    this.#logFailure(outcome);
    return outcome;
  }

  /** Nothing changed, and the same is tried again before it counts as failed. */
  postponed(begun: BegunReload, error: unknown, live: LiveGeneration): ReloadOutcome {
    const outcome = failureOf(begun, error, live);
    const { generation, source, message } = outcome;
    this.#logger.debug('config not reloaded yet, its files may still be changing', {
      generation,
      source,
      reason: message,
    });
    return outcome;
  }

  /** This process reloads nothing any more. That says nothing about the config. */
  leftOut(begun: BegunReload, error: unknown, live: LiveGeneration): ReloadOutcome {
    const outcome = failureOf(begun, error, live);
    this.#logger.info('config not read again', { source: outcome.source, reason: outcome.message });
    return outcome;
  }

  /** A refused config was tried once more because plugins changed, and it went live. */
  refusalOver(): void {
    this.#refused = undefined;
  }

  /** A refused config was tried once more because plugins changed, and it was refused again. The same reason is not logged again. */
  refusedAgain(begun: BegunReload, error: unknown, live: LiveGeneration): void {
    const outcome = failureOf(begun, error, live);
    if (outcome.message === this.#refused?.message) return;
    this.#logFailure(this.#keep(outcome));
    this.#refused = outcome;
  }

  #keep(outcome: ReloadOutcome): ReloadOutcome {
    if (outcome.ok && outcome.source !== 'plugins') this.#refused = undefined;
    if (outcome.source !== 'plugins' || this.#refused === undefined || !outcome.ok) this.#last = outcome;
    if (outcome.ok) {
      this.#lastSuccess = outcome;
      this.#lastSuccessAtMs = Date.now();
    }
    return outcome;
  }

  #count({ ok, source }: ReloadOutcome): void {
    const counts = this.#bySource.get(source);
    if (counts === undefined) return;
    if (ok) counts.succeeded += 1;
    else counts.failed += 1;
  }

  #logSuccess({ generation, source, message, durationMs, skewMs, lateWorkers }: ReloadOutcome): void {
    this.#logger.info('config reloaded', {
      generation,
      source,
      changes: message,
      duration_ms: durationMs,
      skew_ms: skewMs,
    });
    if (lateWorkers.length === 0) return;
    this.#logger.warn(
      'workers still serve the config before: they change as soon as their event loop turns',
      {
        generation,
        workers: lateWorkers.join(', '),
      },
    );
  }

  #logFailure({ generation, source, message, durationMs, problems }: ReloadOutcome): void {
    this.#logger.error('config not reloaded, the running one stays', {
      generation,
      source,
      reason: message,
      ...(problems.length > 0 ? { places: problems.map(locationOf).join(', ') } : {}),
      duration_ms: durationMs,
    });
  }
}

function successOf(begun: BegunReload, made: ReloadChanges, live: LiveGeneration) {
  const { summary, changes, warnings, swap } = made;
  return {
    ...factsOf(begun, live),
    ok: true,
    message: summary,
    changes,
    problems: [],
    warnings,
    skewMs: swap.skewMs,
    lateWorkers: swap.late,
  };
}

function failureOf(begun: BegunReload, error: unknown, live: LiveGeneration): ReloadOutcome {
  const problems = error instanceof ConfigError ? error.problems : [];
  return {
    ...factsOf(begun, live),
    ok: false,
    message: messageOf(error),
    changes: [],
    problems,
    warnings: [],
    skewMs: undefined,
    lateWorkers: [],
  };
}

function factsOf({ source, atMs, sinceMs }: BegunReload, live: LiveGeneration) {
  return {
    generation: live?.id ?? 0,
    hash: live?.hash ?? '',
    source,
    atMs,
    durationMs: Math.round((performance.now() - sinceMs) * 10) / 10,
  };
}

/** `file:line:column`; the file alone where there is no line. */
function locationOf({ file, line, column }: Problem): string {
  return line === 0 ? file : `${file}:${String(line)}:${String(column)}`;
}
