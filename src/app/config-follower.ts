import type { LoadedConfig } from '../config/load-config.ts';
import { watchConfigFile, type ConfigFileWatch } from '../config/watch.ts';

export interface ConfigFollowerOptions {
  readonly file: string;
  /** The content changed; asks for a reload, unless what is there is live. */
  readonly changed: (hash: string) => void;
}

/** Watches the config file in the way that the live config asks for. */
export class ConfigFollower {
  readonly #options: ConfigFollowerOptions;
  #watch: ConfigFileWatch | undefined;
  /** The settings of the watch that runs. */
  #settings = '';
  #closed = false;

  constructor(options: ConfigFollowerOptions) {
    this.#options = options;
  }

  /** Goes on as a config that became live says; from the first one on. */
  follow({ config, hash }: LoadedConfig): void {
    if (this.#closed) return;
    const settings = JSON.stringify(config.reload);
    if (this.#settings === settings) return;
    this.#settings = settings;
    void this.#watch?.close();
    this.#watch = config.reload.watch
      ? watchConfigFile(this.#options.file, {
          debounceMs: config.reload.debounce,
          knownHash: hash,
          onChange: this.#options.changed,
        })
      : undefined;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#watch?.close();
  }
}
