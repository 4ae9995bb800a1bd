import { ConfigError } from '../../../config/load/config-error.ts';
import { ConfigLoader } from '../../../config/load/config-loader.ts';
import { filesInUse, type LoadedConfig, type LoadOptions } from '../../../config/load/loaded-config.ts';
import { loadedPluginSettings, type PluginSettings } from '../../../config/load/plugin-settings.ts';
import type { Environment } from '../../../config/document/substitute-env.ts';
import type { Logger } from '../../../plugin-api/index.ts';
import type { PluginChange } from '../../../plugins/plugin-change.ts';
import type { PluginLoader } from '../../../plugins/plugin-loader.ts';
import { builtInRules } from '../../../plugins/source/own-plugins.ts';
import type { ConfigFollower } from '../follow/config-follower.ts';
import type { ReloadCause } from '../outcome/reload-outcome.ts';
import { withCurrentFiles } from '../../../config/load/current-files.ts';
import { loadTextConfig } from './text-config.ts';

/** Where the config comes from. */
export interface ConfigOrigin {
  readonly configFile: string;
  /** Returns the config itself, which `configFile` then only names. Default: the config is what the file holds. */
  readonly configText?: (() => string) | undefined;
  /** What `${env:NAME}` reads from. Default: nothing. */
  readonly env?: Environment | undefined;
}

/** A config that passed its checks, and the plugins that it may be built with. */
export interface ConfigCandidate {
  readonly loaded: LoadedConfig;
  readonly plugins: PluginChange;
}

export interface CandidateLoaderOptions {
  readonly origin: ConfigOrigin;
  readonly plugins: PluginLoader;
  /** Told what each load read, so that these files are watched. */
  readonly files: ConfigFollower;
  readonly logger: Logger;
}

/** The first stage of a reload: loads the config, and the plugins that it can use. */
export class CandidateLoader {
  readonly #origin: ConfigOrigin;
  readonly #env: Environment;
  readonly #plugins: PluginLoader;
  readonly #files: ConfigFollower;
  readonly #configs: ConfigLoader;
  #asked: PluginSettings | undefined;

  constructor({ origin, plugins, files, logger }: CandidateLoaderOptions) {
    this.#origin = origin;
    this.#env = origin.env ?? {};
    this.#plugins = plugins;
    this.#files = files;
    this.#configs = new ConfigLoader({ logger, rules: builtInRules() });
  }

  /** Where the config that was loaded last has its plugins, whatever became of it. */
  get asked(): PluginSettings | undefined {
    return this.#asked;
  }

  /**
   * Loads what a reload for this cause is to make live.
   *
   * @param live the config that is live
   * @throws ConfigError, BalanceError or PluginError when there is nothing that could become live
   */
  async load(cause: ReloadCause, live: LoadedConfig | undefined): Promise<ConfigCandidate> {
    // An edit of a plugin must not bring an edit of the config with it, unless the config waited for the plugin.
    if (cause.source === 'plugins' && cause.readsConfig !== true && live !== undefined)
      return this.#withPlugins(live, true);
    const { restore } = cause;
    if (restore !== undefined && 'loaded' in restore)
      return this.#withPlugins(await withCurrentFiles(restore.loaded), false);
    const retry = cause.source === 'signal' || cause.source === 'admin';
    const prepared: PluginChange[] = [];
    const modes = async (settings: PluginSettings): Promise<readonly string[]> => {
      this.#asked = settings;
      const change = await this.#plugins.prepare({ settings, retry });
      prepared.push(change);
      return change.names;
    };
    // A text to restore has the values of the environment in it already.
    const inUse = live === undefined ? {} : { filesInUse: filesInUse(live) };
    const loaded =
      restore === undefined
        ? await this.#readFiles({ env: this.#env, modes, ...inUse })
        : await this.#configs.load(this.#origin.configFile, { modes, text: restore.text, ...inUse });
    const [plugins] = prepared;
    if (plugins === undefined) throw new Error('a load checked no modes');
    return { loaded, plugins };
  }

  /**
   * Checks a text as a reload would if it stood in the config file, with the plugins that are loaded. Rejects with a ConfigError.
   *
   * @param current the config that is live
   */
  async check(text: string, current: LoadedConfig | undefined): Promise<LoadedConfig> {
    const { live } = this.#plugins;
    const loaded = await this.#configs.load(this.#origin.configFile, {
      env: this.#env,
      modes: live.names,
      text,
      ...(current === undefined ? {} : { filesInUse: filesInUse(current) }),
    });
    return live.check(loaded);
  }

  /** Ends the thread that loads; a load that runs is rejected. */
  destroy(): void {
    void this.#configs.close();
  }

  async #withPlugins(loaded: LoadedConfig, mustChange: boolean): Promise<ConfigCandidate> {
    const settings = loadedPluginSettings(loaded);
    return { loaded, plugins: await this.#plugins.prepare({ settings, mustChange }) };
  }

  /** What was read is watched from now on, also when the config is wrong: its files may be mended. */
  async #readFiles(settings: LoadOptions): Promise<LoadedConfig> {
    try {
      const loaded = await this.#read(settings);
      this.#files.haveRead(loaded.sources);
      return loaded;
    } catch (error) {
      if (error instanceof ConfigError && error.sources !== undefined) this.#files.haveRead(error.sources);
      throw error;
    }
  }

  #read(settings: LoadOptions): Promise<LoadedConfig> {
    const { configFile, configText } = this.#origin;
    return configText === undefined
      ? this.#configs.load(configFile, settings)
      : loadTextConfig(configFile, () => this.#configs.load(configFile, { ...settings, text: configText() }));
  }
}
