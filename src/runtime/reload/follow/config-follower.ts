import { hashOfSources, type ConfigSources } from '../../../config/files/config-sources.ts';
import type { LoadedConfig } from '../../../config/load/loaded-config.ts';
import { ConfigWatch } from '../../../config/watch/config-watch.ts';
import type { Reloads } from '../outcome/reload-outcome.ts';

/** Watches the files of the config in the way that the live config asks for, and reloads when they change. */
export class ConfigFollower {
  readonly #reloads: Reloads;
  readonly #hasMainFile: boolean;
  #watch: ConfigWatch | undefined;
  /** What the last load read. */
  #sources: ConfigSources | undefined;
  #closing: Promise<void> | undefined;
  #closed = false;

  /** @param hasMainFile Whether the config itself is a file. If not, only the files that it includes and names are watched. */
  constructor(reloads: Reloads, hasMainFile: boolean) {
    this.#reloads = reloads;
    this.#hasMainFile = hasMainFile;
  }

  /** A load read these files: they are watched from now on, whatever became of the load. */
  haveRead(sources: ConfigSources): void {
    this.#sources = this.#watched(sources);
    this.#watch?.follow(this.#sources);
  }

  /** A config became live: its settings count for the watch from now on. The first one starts it. */
  follow({ config, sources }: LoadedConfig): void {
    if (this.#closed) return;
    const { watch, debounce, poll_interval: pollInterval } = config.reload;
    const settings = { debounceMs: debounce, pollIntervalMs: pollInterval };
    if (!watch) this.#stop();
    else if (this.#watch !== undefined) this.#watch.adjust(settings);
    else
      this.#watch = new ConfigWatch({
        ...settings,
        sources: this.#sources ?? this.#watched(sources),
        onChange: () => this.#reloads.reload({ source: 'file' }),
      });
  }

  /** Ends the watch. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#stop();
    await this.#closing;
  }

  #watched(sources: ConfigSources): ConfigSources {
    if (this.#hasMainFile) return sources;
    const files = sources.files.filter(({ role }) => role !== 'main');
    return { ...sources, files, hash: hashOfSources(files) };
  }

  #stop(): void {
    if (this.#watch !== undefined) this.#closing = this.#watch.close();
    this.#watch = undefined;
  }
}
