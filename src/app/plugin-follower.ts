import type { LoadedConfig } from '../config/load-config.ts';
import { loadedPluginSettings } from '../config/plugin-settings.ts';
import { pluginDirectories, type PluginLoader } from '../plugins/plugin-loader.ts';
import { PluginWatch } from '../plugins/plugin-watch.ts';

export interface PluginFollowerOptions {
  readonly plugins: PluginLoader;
  /** Plugins were added, replaced or removed; asks for a reload. */
  readonly changed: () => void;
}

/** Watches the plugin folders in the way that the live config asks for. */
export class PluginFollower {
  readonly #options: PluginFollowerOptions;
  #watch: PluginWatch | undefined;
  /** The settings of the watch that runs. */
  #settings = '';
  #closed = false;

  constructor(options: PluginFollowerOptions) {
    this.#options = options;
  }

  /** Goes on as a config that became live says; from the first one on. */
  follow(loaded: LoadedConfig): void {
    if (this.#closed) return;
    const { plugins, changed } = this.#options;
    const { reload, plugins: section } = loaded.config;
    const directories = pluginDirectories(loadedPluginSettings(loaded));
    const settings = JSON.stringify([directories, section.watch, reload]);
    if (this.#settings === settings) return;
    this.#settings = settings;
    void this.#watch?.close();
    this.#watch =
      section.watch && reload.watch
        ? new PluginWatch({
            directories,
            debounceMs: reload.debounce,
            pollIntervalMs: reload.poll_interval,
            known: () => plugins.seenIn(directories),
            onChange: changed,
          })
        : undefined;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#watch?.close();
  }
}
