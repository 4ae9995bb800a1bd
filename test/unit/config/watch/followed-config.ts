import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { ConfigError } from '../../../../src/config/load/config-error.ts';
import type { ConfigSources } from '../../../../src/config/files/config-sources.ts';
import { loadConfig } from '../../../support/labs/load-config.ts';
import type { WatchOptions } from '../../../../src/config/watch/config-watch.ts';
import { ConfigWatch } from '../../../../src/config/watch/config-watch.ts';
import { eventually } from '../../../support/time/eventually.ts';

/** Longer than any test: what is noticed came from an event. */
export const NO_POLL_MS = 600_000;

/** A directory of its own for a test. */
export async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'balance-watch-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

/** Writes a file, with the folders that it needs. */
export async function put(file: string, text: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
}

/** A config with that backend alone. */
export const config = (backend: string): string => `backends: [{ address: '${backend}:1' }]\n`;

/** A config that is loaded whenever its watch asks for it, as a running proxy does. */
export class FollowedConfig {
  /** What each load gave, from the first on: the names of backends, or what is wrong. */
  readonly loads: string[] = [];
  readonly #file: string;
  #watch: ConfigWatch | undefined;
  #sources: ConfigSources | undefined;

  constructor(file: string) {
    this.#file = file;
  }

  get watch(): ConfigWatch {
    return this.#watch!;
  }

  /** What the last load gave. */
  get now(): string {
    return this.loads.at(-1)!;
  }

  async start(options: Partial<WatchOptions> = {}): Promise<this> {
    await this.#load();
    const watch = new ConfigWatch({
      sources: this.#sources!,
      debounceMs: 10,
      pollIntervalMs: NO_POLL_MS,
      onChange: () => this.#load(),
      ...options,
    });
    onTestFinished(() => watch.close());
    this.#watch = watch;
    await watch.ready;
    return this;
  }

  /** Resolves once a load gave exactly that, or a problem that says so. */
  async until(expected: string | RegExp): Promise<void> {
    const given = (): boolean =>
      typeof expected === 'string' ? this.now === expected : expected.test(this.now);
    await eventually(given, `a load gives ${String(expected)}`);
  }

  async #load(): Promise<void> {
    try {
      const { config, sources } = await loadConfig(this.#file, { modes: ['http'] });
      this.#sources = sources;
      const backends = config.upstreams.flatMap((upstream) => upstream.backends);
      this.loads.push(backends.map(({ name }) => name.replace(':1', '')).join(' '));
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      this.#sources = error.sources!;
      this.loads.push(error.message);
    }
    this.#watch?.follow(this.#sources);
  }
}
