import { hashOfSources, type ConfigSources } from '../../../config/files/config-sources.ts';
import { ConfigError } from '../../../config/load/config-error.ts';
import type { LoadedConfig } from '../../../config/load/loaded-config.ts';
import { ConfigWatch } from '../../../config/watch/config-watch.ts';
import type { ReloadCause, Reloads } from '../outcome/reload-outcome.ts';
import { onlyNamedFilesDiffer } from './named-files-differ.ts';

/** How long the files that a config names must rest before they count as wrong. */
const GRACE_MS = 2000;
/** They count after this time even when they are written all the time. */
const LONGEST_GRACE_MS = 10_000;

/** Watches the files of the config in the way that the live config asks for, and reloads when they change. */
export class ConfigFollower {
  readonly #reloads: Reloads;
  readonly #hasMainFile: boolean;
  #watch: ConfigWatch | undefined;
  /** What the last load read. */
  #sources: ConfigSources | undefined;
  /** Whether the last load found other content in files that keys name, and nowhere else. */
  #onlyNamedFilesChanged = false;
  /** Since when such files are waited for, by the clock of `performance.now`. */
  #graceSinceMs: number | undefined;
  #lastTry: NodeJS.Timeout | undefined;
  #closing: Promise<void> | undefined;
  #closed = false;

  /** @param hasMainFile Whether the config itself is a file. If not, only the files that it includes and names are watched. */
  constructor(reloads: Reloads, hasMainFile: boolean) {
    this.#reloads = reloads;
    this.#hasMainFile = hasMainFile;
  }

  /** A load read these files: they are watched from now on, whatever became of the load. */
  haveRead(sources: ConfigSources): void {
    clearTimeout(this.#lastTry);
    const watched = this.#watched(sources);
    this.#onlyNamedFilesChanged = this.#sources !== undefined && onlyNamedFilesDiffer(this.#sources, watched);
    this.#sources = watched;
    this.#watch?.follow(watched);
  }

  /**
   * Whether the failure of a reload is not to be told yet. A certificate and its key are two files, which no tool writes at once: when they
   * do not fit right after a change of such files alone, the config is tried again as soon as they change, and once more when they have
   * rested.
   */
  postpones({ source, isLastTry }: ReloadCause, error: unknown): boolean {
    const nowMs = performance.now();
    this.#graceSinceMs ??= nowMs;
    const restMs = Math.min(GRACE_MS, this.#graceSinceMs + LONGEST_GRACE_MS - nowMs);
    const isUnfinished = error instanceof ConfigError && this.#onlyNamedFilesChanged;
    if (this.#closed || source !== 'file' || isLastTry === true || !isUnfinished || restMs <= 0) {
      this.#graceSinceMs = undefined;
      return false;
    }
    clearTimeout(this.#lastTry);
    this.#lastTry = setTimeout(() => {
      void this.#reloads.reload({ source: 'file', isLastTry: true });
    }, restMs);
    return true;
  }

  /** A config became live: its settings count for the watch from now on. The first one starts it. */
  follow({ config, sources }: LoadedConfig): void {
    if (this.#closed) return;
    this.#graceSinceMs = undefined;
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
    clearTimeout(this.#lastTry);
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
