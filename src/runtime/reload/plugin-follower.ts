import type { LoadedConfig } from '../../config/load/load-config.ts';
import { loadedPluginSettings, type PluginSettings } from '../../config/load/plugin-settings.ts';
import { pluginDirectories, type PluginLoader } from '../../plugins/plugin-loader.ts';
import { PluginWatch } from '../../plugins/plugin-watch.ts';

export interface PluginFollowerOptions {
  readonly plugins: PluginLoader;
  /** Plugins were added, replaced or removed; asks for a reload. */
  readonly changed: () => void;
}

/** Watches the plugin folders in the way that the live config asks for. */
export class PluginFollower {
  readonly #options: PluginFollowerOptions;
  #watch: PluginWatch | undefined;
  /** Watches where a config that was refused has its plugins, when that is elsewhere. */
  #awaiting: PluginWatch | undefined;
  #live: LoadedConfig | undefined;
  /** The settings of the watch that runs. */
  #settings = '';
  #closed = false;

  constructor(options: PluginFollowerOptions) {
    this.#options = options;
  }

  /** Goes on as a config that became live says; from the first one on. */
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

  /** A config was refused whose plugins lie there: they may come. Until another config is live, or is refused. */
  awaitPlugins(settings: PluginSettings): void {
    const live = this.#live;
    if (this.#closed || live === undefined) return;
    void this.#awaiting?.close();
    const directories = pluginDirectories(settings);
    const isFollowed = directories.join() === pluginDirectories(loadedPluginSettings(live)).join();
    this.#awaiting = isFollowed ? undefined : this.#watchOf(directories, live);
  }

  #watchOf(directories: readonly string[], { config }: LoadedConfig): PluginWatch | undefined {
    const { plugins, changed } = this.#options;
    const { reload, plugins: section } = config;
    if (!section.watch || !reload.watch) return undefined;
    return new PluginWatch({
      directories,
      debounceMs: reload.debounce,
      pollIntervalMs: reload.poll_interval,
      known: () => plugins.seenIn(directories),
      onChange: changed,
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([this.#watch?.close(), this.#awaiting?.close()]);
  }
}
