import type { LoadOptions, LoadedConfig } from '../../config/load/loaded-config.ts';
import { loadedPluginSettings, type PluginSettings } from '../../config/load/plugin-settings.ts';
import type { Environment } from '../../config/document/substitute-env.ts';
import type { PluginChange } from '../../plugins/plugin-change.ts';
import type { PluginLoader } from '../../plugins/plugin-loader.ts';
import type { ConfigCandidate } from './config-apply.ts';
import type { ReloadCause } from './reloader.ts';

export interface CandidateLoaderOptions {
  readonly env: Environment;
  /** Loads the config file. */
  readonly load: (options: LoadOptions) => Promise<LoadedConfig>;
  /** The same for a look alone: nobody follows what it reads. */
  readonly look: (options: LoadOptions) => Promise<LoadedConfig>;
  readonly plugins: PluginLoader;
}

/** Loads what is to become live: the config, and the plugins that it can use. */
export class CandidateLoader {
  readonly #options: CandidateLoaderOptions;

  #asked: PluginSettings | undefined;

  constructor(options: CandidateLoaderOptions) {
    this.#options = options;
  }

  /** Where the config that was loaded last has its plugins, whatever became of it. */
  get asked(): PluginSettings | undefined {
    return this.#asked;
  }

  /** `live` is the config that is live. Rejects when there is nothing that could become live. */
  async load(cause: ReloadCause, live: LoadedConfig | undefined): Promise<ConfigCandidate> {
    const { env, load, look, plugins } = this.#options;
    // An edit of a plugin must not bring an edit of the config with it, unless that one waited for it.
    if (cause.source === 'plugins' && cause.readsConfig !== true && live !== undefined) {
      const settings = loadedPluginSettings(live);
      return { loaded: live, plugins: await plugins.prepare({ settings, mustChange: true }) };
    }
    const { restore } = cause;
    if (restore !== undefined && 'loaded' in restore) {
      const settings = loadedPluginSettings(restore.loaded);
      return { loaded: restore.loaded, plugins: await plugins.prepare({ settings }) };
    }
    const retry = cause.source === 'signal' || cause.source === 'admin';
    const prepared: PluginChange[] = [];
    const modes = async (settings: PluginSettings): Promise<readonly string[]> => {
      this.#asked = settings;
      const change = await plugins.prepare({ settings, retry });
      prepared.push(change);
      return change.names;
    };
    // The environment is in the text already.
    const loaded =
      restore === undefined ? await load({ env, modes }) : await look({ modes, text: restore.text });
    const [change] = prepared;
    if (change === undefined) throw new Error('a load checked no modes');
    return { loaded, plugins: change };
  }

  /** Checks a text as if it stood in the config file, with the plugins that are loaded. Rejects with a ConfigError. */
  async check(text: string): Promise<LoadedConfig> {
    const { env, look, plugins } = this.#options;
    const loaded = await look({ env, modes: plugins.live.names, text });
    plugins.live.check(loaded);
    return loaded;
  }
}
