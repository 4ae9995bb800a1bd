import type { ConfigHistoryPort } from '../admin/routes/history-routes.ts';
import type { Config } from '../config/schema/config.generated.ts';
import type { ConfigSources } from '../config/files/config-sources.ts';
import type { LoadedConfig, LoadOptions } from '../config/load/loaded-config.ts';
import { ConfigLoader } from '../config/load/config-loader.ts';
import type { ProcessResources } from '../net/resources/process-resources.ts';
import type { Logger } from '../plugin-api/index.ts';
import type { PluginLoader } from '../plugins/plugin-loader.ts';
import type { GenerationBuilder } from '../runtime/generation/builder.ts';
import { ConfigApply, type ConfigCandidate, type FollowingPart } from '../runtime/reload/config-apply.ts';
import type { DrainingGenerations } from '../runtime/generation/draining-generations.ts';
import { AutoRollback } from '../runtime/reload/auto-rollback.ts';
import { ConfigHistory } from '../runtime/reload/history/config-history.ts';
import type { LiveView } from '../runtime/generation/live-view.ts';
import { Reloader, type ReloadCause, type ReloadOutcome } from '../runtime/reload/reloader.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { AppOptions } from './app-options.ts';
import { CandidateLoader } from '../runtime/reload/candidate-loader.ts';
import { ConfigFollower } from '../runtime/reload/config-follower.ts';
import { logWarnings } from '../runtime/reload/log-warnings.ts';
import { PluginFollower } from '../runtime/reload/plugin-follower.ts';
import { loadTextConfig } from './text-config.ts';
import { warnOfLowLimit } from './warn-of-low-limit.ts';

export interface ReloadPipelineOptions {
  /** Where the config comes from, and who hears of reloads. */
  readonly app: AppOptions;
  readonly logger: Logger;
  readonly telemetry: Telemetry;
  readonly plugins: PluginLoader;
  readonly resources: ProcessResources;
  readonly builder: GenerationBuilder;
  readonly live: LiveView;
  readonly draining: DrainingGenerations;
  /** Called with the first config, before anything is built of it. */
  readonly begin: (config: Config) => Promise<void>;
  /** In the order in which they are prepared and committed. */
  readonly parts: readonly FollowingPart[];
}

/** The way of an edit: the files and folders that are watched, the load, the swap, and the way back to what was live before. */
export class ReloadPipeline {
  readonly reloader: Reloader;
  readonly #options: ReloadPipelineOptions;
  readonly #configs: ConfigLoader;
  readonly #files: ConfigFollower;
  readonly #pluginFolders: PluginFollower;
  readonly #candidates: CandidateLoader;
  readonly #apply: ConfigApply;
  readonly #kept: ConfigHistory;
  readonly #guard: AutoRollback;
  #loaded: LoadedConfig | undefined;

  constructor(options: ReloadPipelineOptions) {
    const { app, logger, telemetry, plugins, builder, live, draining, parts } = options;
    this.#options = options;
    this.#configs = new ConfigLoader({ logger });
    this.#files = new ConfigFollower(() => this.reload({ source: 'file' }), app.configText === undefined);
    this.#pluginFolders = new PluginFollower({
      plugins,
      changed: () => void this.reload({ source: 'plugins' }),
    });
    this.#candidates = new CandidateLoader({
      env: app.env ?? {},
      plugins,
      load: (settings) => this.#files.load(() => this.#load(settings)),
      look: (settings) => this.#configs.load(app.configFile, settings),
    });
    this.#apply = new ConfigApply({
      load: (cause, loaded) => this.#candidate(cause, loaded),
      builder,
      live,
      draining,
      parts,
      applied: (loaded) => {
        this.#applied(loaded);
      },
      logger,
    });
    this.#kept = new ConfigHistory(logger);
    this.#guard = new AutoRollback({
      subscribe: (guard) => telemetry.subscribe(guard),
      rollBack: (loaded) => this.reload({ source: 'guard', restore: { loaded } }),
      logger,
    });
    this.reloader = new Reloader({
      apply: (cause) => this.#apply.apply(cause),
      live: () => live.generation,
      accepted: (outcome, loaded) => {
        this.#kept.record(outcome, loaded);
        this.#guard.applied(loaded, outcome.source);
      },
      refused: () => {
        const { asked } = this.#candidates;
        if (asked !== undefined) this.#pluginFolders.awaitPlugins(asked);
      },
      finished: (outcome, error) => app.observer?.reloaded(outcome, error),
      logger,
    });
  }

  /** The configs that went live, and the way back to them. */
  get history(): ConfigHistoryPort {
    return {
      entries: () => this.#kept.entries(),
      config: (id) => this.#kept.config(id),
      rollBack: (id) => this.#rollBack(id),
    };
  }

  /** Where the live config was read from. */
  get sources(): ConfigSources | undefined {
    return this.#loaded?.sources;
  }

  reload(cause: ReloadCause): Promise<ReloadOutcome> {
    return this.reloader.reload(cause);
  }

  /** Checks a text as if it stood in the config file. Rejects with a ConfigError. */
  check(text: string): Promise<LoadedConfig> {
    return this.#candidates.check(text);
  }

  /** No edit goes live any more. Resolves once nothing is watched. */
  async stop(): Promise<void> {
    this.#apply.stop();
    await Promise.all([this.#files.close(), this.#pluginFolders.close()]);
  }

  /** Resolves once what is kept of edits is written. */
  flush(): Promise<void> {
    return this.#kept.flush();
  }

  destroy(): void {
    void this.stop();
    void this.#configs.close();
    this.#guard.destroy();
  }

  #load(settings: LoadOptions): Promise<LoadedConfig> {
    const { configFile, configText } = this.#options.app;
    return configText === undefined
      ? this.#configs.load(configFile, settings)
      : loadTextConfig(configFile, () => this.#configs.load(configFile, { ...settings, text: configText() }));
  }

  async #candidate(cause: ReloadCause, live: LoadedConfig | undefined): Promise<ConfigCandidate> {
    const candidate = await this.#candidates.load(cause, live);
    if (live === undefined) await this.#options.begin(candidate.loaded.config);
    return candidate;
  }

  async #rollBack(id: number | undefined): Promise<ReloadOutcome | undefined> {
    const restore = await this.#kept.restore(id);
    return restore === undefined ? undefined : this.reload({ source: 'rollback', restore });
  }

  #applied(loaded: LoadedConfig): void {
    const { draining, logger, resources } = this.#options;
    // Warnings are said once of each load: new plugins come with the config that is live already.
    const isNew = loaded !== this.#loaded;
    this.#loaded = loaded;
    draining.limit(loaded.config.reload.drain_timeout);
    this.#files.follow(loaded);
    this.#pluginFolders.follow(loaded);
    if (!isNew) return;
    logWarnings(loaded.warnings, logger);
    warnOfLowLimit(loaded.config, resources.openFilesLimit, logger);
  }
}
