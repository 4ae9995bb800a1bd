import { ConfigError } from '../../config/load/config-error.ts';
import type { LoadedConfig } from '../../config/load/loaded-config.ts';
import type { Problem } from '../../config/problems/problem.ts';
import { messageOf } from '../../errors.ts';
import type { Logger } from '../../plugin-api/index.ts';
import type { AppliedConfig } from './config-apply.ts';
import type { ReloadCause, ReloadOutcome, ReloadSource } from './reload-outcome.ts';

export type { ReloadCause, ReloadOutcome, ReloadSource };

/** Counts of the reloads that one source asked for. */
export interface ReloadSourceCounts {
  readonly source: ReloadSource;
  succeeded: number;
  failed: number;
}

/** Those that read the files of the config. */
const READ_FILES: ReadonlySet<ReloadSource> = new Set(['file', 'signal', 'admin']);
/** All but the start, which is no reload. */
const RELOAD_SOURCES = ['file', 'signal', 'admin', 'plugins', 'rollback', 'guard', 'program'] as const;

export interface ReloaderOptions {
  /** Loads a config and makes it live; resolves with what changed, rejects when nothing did. */
  readonly apply: (cause: ReloadCause) => Promise<AppliedConfig>;
  /** The generation that is live. */
  readonly live: () => { readonly id: number; readonly hash: string } | undefined;
  /** Told of each config that went live and says something else than the one before, with what became of asking for it. */
  readonly accepted?: (outcome: ReloadOutcome, loaded: LoadedConfig) => void;
  /** Called at the end of each reload; `error` is why nothing changed. Must not throw. */
  readonly finished?: (outcome: ReloadOutcome, error: unknown) => void;
  /** Called each time that the config in the files is refused. */
  readonly refused?: () => void;
  readonly logger: Logger;
}

/** Runs reloads one after the other; those that are asked for while one runs become one, which sees the latest config. */
export class Reloader {
  readonly #options: ReloaderOptions;
  #running: Promise<ReloadOutcome> | undefined;
  #next: Promise<ReloadOutcome> | undefined;
  #nextCause: ReloadCause | undefined;
  readonly #bySource: ReadonlyMap<ReloadSource, ReloadSourceCounts> = new Map(
    RELOAD_SOURCES.map((source) => [source, { source, succeeded: 0, failed: 0 }]),
  );
  #last: ReloadOutcome | undefined;
  /** Why the config in the files is not live; undefined while it is, or while something else was put in its place on purpose. */
  #refused: ReloadOutcome | undefined;
  #lastSuccess: ReloadOutcome | undefined;
  #lastSuccessAtMs: number | undefined;

  constructor(options: ReloaderOptions) {
    this.#options = options;
  }

  /** The first load is none. */
  countsBySource(): Iterable<Readonly<ReloadSourceCounts>> {
    return this.#bySource.values();
  }

  /**
   * The outcome of the last reload, or of the start; undefined before that. While the files hold a config that was refused, a
   * reload of plugins alone does not take the place of that refusal.
   */
  get last(): ReloadOutcome | undefined {
    return this.#last;
  }

  /** The outcome of the last one that made a config live, the start included. */
  get lastSuccess(): ReloadOutcome | undefined {
    return this.#lastSuccess;
  }

  /** When a config last became live, ms since 1970. */
  get lastSuccessAtMs(): number | undefined {
    return this.#lastSuccessAtMs;
  }

  /** The first load: no reload, and it throws what went wrong. */
  async start(): Promise<ReloadOutcome> {
    const begun = new Begun('start');
    return this.#keep(this.#succeed(begun, await this.#options.apply({ source: 'start' })));
  }

  /** Never rejects: a bad config changes nothing, and the outcome says why. */
  reload(cause: ReloadCause): Promise<ReloadOutcome> {
    if (this.#running === undefined) {
      this.#running = this.#run(cause);
      return this.#running;
    }
    this.#nextCause = wider(this.#nextCause, cause);
    this.#next ??= this.#running.then(() => {
      const widest = this.#nextCause ?? cause;
      this.#next = undefined;
      this.#nextCause = undefined;
      this.#running = this.#run(widest);
      return this.#running;
    });
    return this.#next;
  }

  async #run(cause: ReloadCause): Promise<ReloadOutcome> {
    const taken = cause.source === 'plugins' ? await this.#retryRefused() : undefined;
    const begun = new Begun(cause.source);
    try {
      if (taken !== undefined) return taken;
      const outcome = this.#keep(this.#succeed(begun, await this.#options.apply(cause)));
      this.#count(outcome);
      this.#logSuccess(outcome);
      this.#options.finished?.(outcome, undefined);
      return outcome;
    } catch (error) {
      const outcome = this.#keep(this.#fail(begun, error));
      if (READ_FILES.has(cause.source)) this.#refuse(outcome);
      this.#count(outcome);
      this.#logFailure(outcome);
      this.#options.finished?.(outcome, error);
      return outcome;
    } finally {
      if (this.#next === undefined) this.#running = undefined;
    }
  }

  /**
   * Plugins came or changed, and the files hold a config that was refused, perhaps for want of them: it is tried once more.
   * Gives nothing when it is refused again; then the plugins alone count.
   */
  async #retryRefused(): Promise<ReloadOutcome | undefined> {
    const refused = this.#refused;
    if (refused === undefined) return undefined;
    const begun = new Begun('plugins');
    try {
      const applied = await this.#options.apply({ source: 'plugins', readsConfig: true });
      this.#refused = undefined;
      const outcome = this.#keep(this.#succeed(begun, applied));
      this.#count(outcome);
      this.#logSuccess(outcome);
      this.#options.finished?.(outcome, undefined);
      return outcome;
    } catch (error) {
      const outcome = this.#fail(begun, error);
      // The same reason need not be logged at each change of a plugin.
      if (outcome.message !== refused.message) this.#logFailure(this.#keep(outcome));
      this.#refuse(outcome.message === refused.message ? refused : outcome);
      return undefined;
    }
  }

  #refuse(outcome: ReloadOutcome): void {
    this.#refused = outcome;
    this.#options.refused?.();
  }

  #succeed(begun: Begun, applied: AppliedConfig): ReloadOutcome {
    const { summary, changes, warnings, loaded } = applied;
    const outcome = { ...this.#facts(begun), ok: true, message: summary, changes, problems: [], warnings };
    // Going back behind it would mean going back to itself.
    const isNew = begun.source === 'start' || changes.length > 0;
    if (loaded !== undefined && isNew) this.#options.accepted?.(outcome, loaded);
    return outcome;
  }

  #fail(begun: Begun, error: unknown): ReloadOutcome {
    const problems = error instanceof ConfigError ? error.problems : [];
    const message = messageOf(error);
    return { ...this.#facts(begun), ok: false, message, changes: [], problems, warnings: [] };
  }

  #facts({ source, atMs, sinceMs }: Begun) {
    const live = this.#options.live();
    return {
      generation: live?.id ?? 0,
      hash: live?.hash ?? '',
      source,
      atMs,
      durationMs: Math.round((performance.now() - sinceMs) * 10) / 10,
    };
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

  #logSuccess({ generation, source, message, durationMs }: ReloadOutcome): void {
    this.#options.logger.info('config reloaded', {
      generation,
      source,
      changes: message,
      duration_ms: durationMs,
    });
  }

  #logFailure({ generation, source, message, durationMs, problems }: ReloadOutcome): void {
    this.#options.logger.error('config not reloaded, the running one stays', {
      generation,
      source,
      reason: message,
      ...(problems.length > 0 ? { places: problems.map(placeOf).join(', ') } : {}),
      duration_ms: durationMs,
    });
  }
}

/**
 * The cause of a reload for two who ask: one that is about plugins alone would not read the config. A rollback and an edit
 * contradict each other: the later one counts.
 */
function wider(asked: ReloadCause | undefined, cause: ReloadCause): ReloadCause {
  const eitherRestores =
    cause.restore !== undefined || (asked?.restore !== undefined && cause.source !== 'plugins');
  if (eitherRestores) return cause;
  return asked === undefined || asked.source === 'plugins' ? cause : asked;
}

/** When and why a reload began. */
class Begun {
  readonly source: ReloadSource;
  readonly atMs = Date.now();
  readonly sinceMs = performance.now();

  constructor(source: ReloadSource) {
    this.source = source;
  }
}

function placeOf({ file, line, column }: Problem): string {
  return line === 0 ? file : `${file}:${line}:${column}`;
}
