import type { LoadedConfig } from '../../../config/load/loaded-config.ts';
import { loadedPluginSettings, type PluginSettings } from '../../../config/load/plugin-settings.ts';
import { pluginDirectories, type PluginLoader } from '../../../plugins/plugin-loader.ts';
import { PluginWatch } from '../../../plugins/plugin-watch.ts';
import type { Reloads } from '../outcome/reload-outcome.ts';

/** Watches the plugin folders in the way that the live config asks for, and reloads when plugins are added, replaced or removed. */
export class PluginFollower {
  readonly #plugins: PluginLoader;
  readonly #reloads: Reloads;
  #watch: PluginWatch | undefined;
  /** Watches the folder that a refused config names, where that is another one than the live config's. */
  #awaiting: PluginWatch | undefined;
  #live: LoadedConfig | undefined;
  /** The settings of the watch that runs. */
  #settings = '';
  #closed = false;

  constructor(plugins: PluginLoader, reloads: Reloads) {
    this.#plugins = plugins;
    this.#reloads = reloads;
  }

  /** A config became live: its folders are watched from now on. The first one starts the watch. */
  follow(loaded: LoadedConfig): void {
    if (this.#closed) return;
    this.#live = loaded;
    void this.#awaiting?.close();
    this.#awaiting = undefined;
    const { reload, plugins: section } = loaded.config;
    const directories = pluginDirectories(loadedPluginSettings(loaded));
    const settings = JSON.stringify([directories, section.watch, reload]);
    if (this.#settings === settings) return;
    this.#settings = settings;
    void this.#watch?.close();
    this.#watch = this.#watchOf(directories, loaded);
  }

  /** A config was refused, perhaps because a plugin is missing: its folders are watched until another config goes live or is refused. */
  awaitPlugins(settings: PluginSettings): void {
    const live = this.#live;
    if (this.#closed || live === undefined) return;
    void this.#awaiting?.close();
    const directories = pluginDirectories(settings);
    const isWatched = directories.join() === pluginDirectories(loadedPluginSettings(live)).join();
    this.#awaiting = isWatched ? undefined : this.#watchOf(directories, live);
  }

  /** Ends the watches. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([this.#watch?.close(), this.#awaiting?.close()]);
  }

  #watchOf(directories: readonly string[], { config }: LoadedConfig): PluginWatch | undefined {
    const { reload, plugins: section } = config;
    if (!section.watch || !reload.watch) return undefined;
    return new PluginWatch({
      directories,
      debounceMs: reload.debounce,
      pollIntervalMs: reload.poll_interval,
      known: () => this.#plugins.seenIn(directories),
      onChange: () => void this.#reloads.reload({ source: 'plugins' }),
    });
  }
}
