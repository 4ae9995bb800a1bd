import { ConfigError } from '../../config/load/config-error.ts';
import { summarizeChanges } from '../../config/diff/config-change.ts';
import type { RulesOf } from '../../config/options/listener-options.ts';
import type { LoadedConfig } from '../../config/load/loaded-config.ts';
import { BalanceError } from '../../errors.ts';
import type { Logger } from '../../plugin-api/index.ts';
import { pluginDirectories, type PluginLoader } from '../../plugins/plugin-loader.ts';
import { withTimeout } from '../../time/with-timeout.ts';
import type { ProxyControl } from '../control/proxy-control.ts';
import { AutoRollback, type TrafficRecords } from './follow/auto-rollback.ts';
import { ConfigFollower } from './follow/config-follower.ts';
import { PluginFollower } from './follow/plugin-follower.ts';
import { ConfigHistory } from './history/config-history.ts';
import { CandidateLoader, type ConfigCandidate, type ConfigOrigin } from './load/candidate-loader.ts';
import { logLowLimit, logWarnings } from './config-warnings.ts';
import {
  ReloadJournal,
  type BegunReload,
  type LiveGeneration,
  type ReloadChanges,
} from './outcome/reload-journal.ts';
import type { ReloadCause, ReloadOutcome } from './outcome/reload-outcome.ts';
import type { ReloadParticipant } from './reload-participant.ts';
import { ReloadQueue } from './reload-queue.ts';
import { SessionKey } from './history/session-key.ts';
import { ReloadTransaction, tooSlow, type TransactionParts } from './reload-transaction.ts';

/** A load that hangs must not keep later edits waiting for ever. */
const LOAD_LIMIT_MS = 300_000;

/** Hears of each reload. */
export interface ReloadObserver {
  /** Called at the end of each reload; `error` is why nothing changed. Must not throw. */
  reloaded(outcome: ReloadOutcome, error: unknown): void;
}

export interface ReloadPipelineOptions {
  readonly origin: ConfigOrigin;
  readonly plugins: PluginLoader;
  readonly logger: Logger;
  /** How many files the process may open. */
  readonly limits: { readonly openFilesLimit: number };
  readonly observer?: ReloadObserver | undefined;
  /** The number of the last generation of the process before this one, which numbers go on from. Default: 0. */
  readonly lastGeneration?: number | undefined;
  /** The key of sticky cookies that the process before this one used where the config gives none. Default: none. */
  readonly sessionKey?: string | undefined;
  /** As {@link TransactionParts.prepareLimitMs}. */
  readonly prepareLimitMs?: number;
}

/** What a pipeline makes configs live in. */
export interface ReloadTarget {
  readonly control: ProxyControl;
  /** Every exchange and tunnel that ends, for {@link AutoRollback}. */
  readonly records: TrafficRecords;
  /** All parts that follow the live config, in the order in which they are prepared and committed. */
  readonly participants: readonly ReloadParticipant[];
}

/**
 * The way of an edit, from its files to live traffic: load → build → prepare → swap → settle. When a stage fails, all that the stages
 * before it made is taken back in reverse order, and the live config goes on.
 *
 * Owns everything that begins a reload by itself (the watchers of config and plugins, the automatic rollback) and what is kept of reloads.
 */
export class ReloadPipeline {
  /** What became of reloads. */
  readonly journal: ReloadJournal;
  /** The configs that went live, and the way back to them. */
  readonly history: ConfigHistory;
  readonly #options: ReloadPipelineOptions;
  readonly #sessionKey: SessionKey;
  readonly #queue = new ReloadQueue((cause) => this.#run(cause));
  readonly #files: ConfigFollower;
  readonly #pluginFolders: PluginFollower;
  readonly #candidates: CandidateLoader;
  readonly #stopped = new AbortController();
  #target: ReloadTarget | undefined;
  #autoRollback: AutoRollback | undefined;
  #live: { readonly id: number; readonly loaded: LoadedConfig } | undefined;

  constructor(options: ReloadPipelineOptions) {
    const { origin, plugins, logger } = options;
    this.#options = options;
    this.journal = new ReloadJournal(logger);
    this.history = new ConfigHistory(logger, this);
    this.#sessionKey = new SessionKey(logger, options.sessionKey);
    this.#files = new ConfigFollower(this, origin.configText === undefined);
    this.#pluginFolders = new PluginFollower(plugins, this);
    this.#candidates = new CandidateLoader({ origin, plugins, files: this.#files, logger });
  }

  /** The config that is live; undefined before the first one. */
  get live(): LoadedConfig | undefined {
    return this.#live?.loaded;
  }

  /** The generation that is live; undefined before the first one. */
  get generation(): LiveGeneration {
    return this.#live && { id: this.#live.id, hash: this.#live.loaded.hash };
  }

  /** The key of sticky cookies where the config gives none; undefined before any upstream needed it. */
  get sessionKey(): string | undefined {
    return this.#sessionKey.current;
  }

  /** Whether new connections are welcome: false during the start and once a shutdown began. */
  get ready(): boolean {
    return this.#live !== undefined && !this.#stopped.signal.aborted;
  }

  /**
   * Makes the first config live. Rejects with what is wrong.
   *
   * @param targetFor makes what configs become live in; called once, with the first config and before anything is built of it
   */
  async start(
    targetFor: (loaded: LoadedConfig) => ReloadTarget | Promise<ReloadTarget>,
  ): Promise<ReloadOutcome> {
    const begun = this.journal.begin('start');
    const candidate = await this.#load({ source: 'start' });
    const { loaded } = candidate;
    const target = await targetFor(loaded);
    this.#target = target;
    this.#autoRollback = new AutoRollback({
      records: target.records,
      reloads: this,
      logger: this.#options.logger,
    });
    for (const part of target.participants) await part.begin?.(loaded);
    const applied = await this.#swap(candidate, target);
    const outcome = this.journal.started(begun, applied, this.generation);
    this.#remember(outcome, applied);
    return outcome;
  }

  /** Reloads for that cause. Never rejects: a bad config changes nothing, and the outcome says why. */
  reload(cause: ReloadCause): Promise<ReloadOutcome> {
    return this.#queue.reload(cause);
  }

  /** Does other work while no reload runs: those that are asked for meanwhile wait. */
  exclusive<T>(work: () => Promise<T>): Promise<T> {
    return this.#queue.exclusive(work);
  }

  /** Whether a reload waits for {@link exclusive} work, or for another reload. */
  get isWaiting(): boolean {
    return this.#queue.isWaiting;
  }

  /** The rules of the protocols that are live, about their options. */
  get rulesOf(): RulesOf {
    return this.#options.plugins.live.rulesOf;
  }

  /** Checks a text as a reload would if it stood in the config file. Rejects with a ConfigError. */
  check(text: string): Promise<LoadedConfig> {
    return this.#candidates.check(text, this.live);
  }

  /**
   * Takes back the reload that runs, and lets no config go live any more. Resolves once nothing is watched.
   *
   * @param why what those are told who ask for a reload
   */
  async close(why = 'the proxy ends'): Promise<void> {
    if (!this.#stopped.signal.aborted) this.#stopped.abort(new BalanceError('shutdown', why));
    await Promise.all([this.#files.close(), this.#pluginFolders.close()]);
  }

  /** As {@link close}, without waiting; also ends what watches for rollbacks. */
  destroy(): void {
    void this.close();
    this.#candidates.destroy();
    this.#autoRollback?.destroy();
  }

  async #run(cause: ReloadCause): Promise<ReloadOutcome> {
    const retried = cause.source === 'plugins' ? await this.#retryRefused() : undefined;
    if (retried !== undefined) return retried;
    const tried = this.#triedPlugins;
    const outcome = await this.#runOnce(cause);
    // The refused config may have waited for plugins that came since it was tried.
    if (cause.source === 'plugins' && tried !== this.#triedPlugins) void this.reload(cause);
    return outcome;
  }

  async #runOnce(cause: ReloadCause): Promise<ReloadOutcome> {
    const begun = this.journal.begin(cause.source);
    try {
      const applied = await this.#apply(cause);
      return this.#succeed(begun, applied);
    } catch (error) {
      if (this.#files.postpones(cause, error)) return this.journal.postponed(begun, error, this.generation);
      return this.#fail(begun, error);
    }
  }

  /**
   * Plugins came or changed, and the files hold a config that was refused, perhaps because a plugin was missing: that config is tried once
   * more. undefined when it is refused again; then the change of the plugins alone counts.
   */
  async #retryRefused(): Promise<ReloadOutcome | undefined> {
    if (this.journal.refused === undefined) return undefined;
    const begun = this.journal.begin('plugins');
    try {
      const applied = await this.#apply({ source: 'plugins', readsConfig: true });
      this.journal.refusalOver();
      return this.#succeed(begun, applied);
    } catch (error) {
      if (this.#stopped.signal.aborted) return this.#fail(begun, error);
      this.journal.refusedAgain(begun, error, this.generation);
      this.#awaitPlugins();
      return undefined;
    }
  }

  /** The stages, one after the other. Rejects with the reason when one of them fails; then nothing changed and nothing is left of the edit. */
  async #apply(cause: ReloadCause): Promise<AppliedConfig> {
    const candidate = await this.#load(cause);
    const onlyPlugins = cause.source === 'plugins' && cause.readsConfig !== true;
    if (onlyPlugins && candidate.plugins.isEmpty) return NOTHING_TO_DO;
    if (this.#target === undefined) throw new Error('a reload before the start');
    return this.#swap(candidate, this.#target);
  }

  /** Stages 2 to 4, and the last one when they succeeded. */
  async #swap(candidate: ConfigCandidate, target: ReloadTarget): Promise<AppliedConfig> {
    const transaction = new ReloadTransaction(this.#nextId, candidate, this.live, this.#partsOf(target));
    try {
      await transaction.build();
      await transaction.prepare();
    } catch (error) {
      transaction.abort();
      throw error;
    }
    const swapped = transaction.commit();
    // In the same turn: nobody sees the new generation beside the old config.
    const applied = this.#settle(transaction);
    return { ...applied, swap: await swapped };
  }

  /** Stage 1: reads the files and checks them. */
  async #load(cause: ReloadCause): Promise<ConfigCandidate> {
    const { live } = this;
    const candidate = await withTimeout(this.#candidates.load(cause, live), {
      limitMs: LOAD_LIMIT_MS,
      expired: () => {
        throw tooSlow('loading the config', LOAD_LIMIT_MS);
      },
      signal: this.#stopped.signal,
    });
    const { loaded } = candidate;
    if (live?.namesServers === true && !loaded.namesServers) throw cutOff(loaded);
    return candidate;
  }

  /** Last stage, when the config is live: what it names is watched from now on, and its warnings are logged. */
  #settle({ id, loaded, summary, changes, warnings }: ReloadTransaction): Omit<AppliedConfig, 'swap'> {
    const { logger, limits } = this.#options;
    const isNew = loaded !== this.live;
    this.#live = { id, loaded };
    this.#files.follow(loaded);
    this.#pluginFolders.follow(loaded);
    // Warnings are logged once for each load: new plugins come with the config that is live already.
    if (isNew) {
      logWarnings(warnings, logger);
      logLowLimit(loaded.config, limits.openFilesLimit, logger);
    }
    return { summary, changes, warnings, loaded };
  }

  #succeed(begun: BegunReload, applied: AppliedConfig): ReloadOutcome {
    const outcome = this.journal.succeeded(begun, applied, this.generation);
    this.#remember(outcome, applied);
    this.#options.observer?.reloaded(outcome, undefined);
    return outcome;
  }

  #fail(begun: BegunReload, error: unknown): ReloadOutcome {
    const { journal, generation } = this;
    const outcome = this.#stopped.signal.aborted
      ? journal.leftOut(begun, error, generation)
      : journal.failed(begun, error, generation);
    if (journal.refused === outcome) this.#awaitPlugins();
    this.#options.observer?.reloaded(outcome, error);
    return outcome;
  }

  /** A config that says nothing new is not remembered: going back behind it would mean going back to itself. */
  #remember(outcome: ReloadOutcome, { loaded, changes }: AppliedConfig): void {
    const isNew = outcome.source === 'start' || changes.length > 0;
    if (loaded === undefined || !isNew) return;
    this.history.record(outcome, loaded);
    this.#autoRollback?.applied(loaded, outcome.source);
  }

  /** The config in the files was refused. The plugins that it needs may still come. */
  #awaitPlugins(): void {
    const { asked } = this.#candidates;
    if (asked !== undefined) this.#pluginFolders.awaitPlugins(asked);
  }

  /** What was last seen of the plugins that a refused config can use; undefined while none is refused. */
  get #triedPlugins(): string | undefined {
    const { asked } = this.#candidates;
    if (asked === undefined || this.journal.refused === undefined) return undefined;
    return this.#options.plugins.seenIn(pluginDirectories(asked));
  }

  get #nextId(): number {
    return (this.#live?.id ?? this.#options.lastGeneration ?? 0) + 1;
  }

  #partsOf({ control, participants }: ReloadTarget): TransactionParts {
    const { logger, prepareLimitMs } = this.#options;
    const { signal: stopped } = this.#stopped;
    return { control, participants, logger, sessionKey: this.#sessionKey, stopped, prepareLimitMs };
  }
}

/** What the stages of a reload made live. */
interface AppliedConfig extends ReloadChanges {
  /** undefined when there was nothing to do. */
  readonly loaded: LoadedConfig | undefined;
}

const NOTHING_TO_DO: AppliedConfig = {
  summary: summarizeChanges([]),
  changes: [],
  warnings: [],
  loaded: undefined,
  swap: { skewMs: undefined, late: [] },
};

/** The error for a config that suddenly serves nothing: it is more likely half of a file than meant. */
function cutOff(loaded: LoadedConfig): ConfigError {
  const message =
    'names neither backends nor routes nor listeners: is it only the beginning of a file? Write `backends: []` to serve nothing';
  return new ConfigError([loaded.problem([], message)], { sources: loaded.sources });
}
