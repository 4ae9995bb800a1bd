import { ConfigError } from '../../config/load/config-error.ts';
import { hashOfSources, type ConfigSources } from '../../config/files/config-sources.ts';
import type { LoadedConfig } from '../../config/load/load-config.ts';
import { ConfigWatch } from '../../config/watch/config-watch.ts';

/** Watches the files of the config in the way that the live config asks for. */
export class ConfigFollower {
  readonly #reload: () => Promise<unknown>;
  #watch: ConfigWatch | undefined;
  /** What the last load read. */
  #sources: ConfigSources | undefined;
  #closing: Promise<void> | undefined;
  readonly #hasMainFile: boolean;
  #closed = false;

  /**
   * @param reload The files changed. Resolves when a load that began after the call is over; must not reject.
   * @param hasMainFile Whether the config itself is a file. Else only what it includes and names is followed.
   */
  constructor(reload: () => Promise<unknown>, hasMainFile = true) {
    this.#hasMainFile = hasMainFile;
    this.#reload = reload;
  }

  /** Runs a load, and goes on from what it read, also when the config turns out to be wrong: its files may be mended. */
  async load(load: () => Promise<LoadedConfig>): Promise<LoadedConfig> {
    try {
      const loaded = await load();
      this.#read(loaded.sources);
      return loaded;
    } catch (error) {
      if (error instanceof ConfigError && error.sources !== undefined) this.#read(error.sources);
      throw error;
    }
  }

  /** Goes on as a config that became live says; from the first one on. */
  follow({ config, sources }: LoadedConfig): void {
    if (this.#closed) return;
    const { watch, debounce, poll_interval: pollInterval } = config.reload;
    const settings = { debounceMs: debounce, pollIntervalMs: pollInterval };
    if (!watch) this.#stop();
    else if (this.#watch !== undefined) this.#watch.adjust(settings);
    else
      this.#watch = new ConfigWatch({
        ...settings,
        sources: this.#sources ?? this.#followed(sources),
        onChange: this.#reload,
      });
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#stop();
    await this.#closing;
  }

  #read(sources: ConfigSources): void {
    this.#sources = this.#followed(sources);
    this.#watch?.follow(this.#sources);
  }

  #followed(sources: ConfigSources): ConfigSources {
    if (this.#hasMainFile) return sources;
    const files = sources.files.filter(({ role }) => role !== 'main');
    return { ...sources, files, hash: hashOfSources(files) };
  }

  #stop(): void {
    if (this.#watch !== undefined) this.#closing = this.#watch.close();
    this.#watch = undefined;
  }
}
