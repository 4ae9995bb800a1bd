import { BalanceError, messageOf } from '../../errors.ts';
import type { Logger } from '../../plugin-api/index.ts';
import type { LoadOptions, LoadedConfig } from './loaded-config.ts';
import { loadedConfig } from './loaded-config.ts';
import { importRules, type RulesModules } from './import-rules.ts';
import { LoadThread, ThreadFailure } from './load-thread.ts';

export interface ConfigLoaderOptions {
  readonly logger: Logger;
  /** The rules of the protocols that come with the proxy. */
  readonly rules: RulesModules;
  /** How long the thread may work on a load without sending a message; then the load fails. Default: 60,000. */
  readonly timeoutMs?: number;
  /** How long the thread waits for the next load before it ends. Default: 30,000. */
  readonly idleMs?: number;
  /** The file that the thread runs; undefined to use no thread. Default: the compiled file beside this one. */
  readonly workerFile?: URL | undefined;
}

const TIMEOUT_MS = 60_000;
const IDLE_MS = 30_000;

/**
 * Loads configs in a thread of its own, because parsing and checking a large config would delay all traffic. When there can be no such
 * thread, it loads them in the calling one.
 */
export class ConfigLoader {
  readonly #logger: Logger;
  readonly #rules: RulesModules;
  readonly #timeoutMs: number;
  readonly #idleMs: number;
  readonly #workerFile: URL | undefined;
  #thread: LoadThread | undefined;
  #idle: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: ConfigLoaderOptions) {
    this.#logger = options.logger;
    this.#rules = options.rules;
    this.#timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
    this.#idleMs = options.idleMs ?? IDLE_MS;
    this.#workerFile = 'workerFile' in options ? options.workerFile : compiledWorker();
  }

  /** As {@link loadConfig}. Rejects with a ConfigError that holds all problems, or with a BalanceError. */
  async load(file: string, options: LoadOptions): Promise<LoadedConfig> {
    clearTimeout(this.#idle);
    try {
      return loadedConfig(await this.#liveThread().load(file, options));
    } catch (error) {
      if (!(error instanceof ThreadFailure)) throw error;
      if (error.byLoad || this.#closed) {
        const message = `the config could not be loaded: ${error.message}`;
        throw new BalanceError('internal', message, { cause: error });
      }
      return await this.#loadHere(file, options, error);
    } finally {
      this.#endWhenIdle();
    }
  }

  /** Ends the thread; a load that runs is rejected. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#idle);
    await this.#thread?.destroy();
  }

  #liveThread(): LoadThread {
    if (this.#closed) throw new ThreadFailure('nothing is loaded any more', true);
    if (this.#thread?.isUsable === true) return this.#thread;
    if (this.#workerFile === undefined) throw new ThreadFailure('the sources are not compiled', false);
    try {
      this.#thread = new LoadThread(this.#workerFile, this.#timeoutMs, this.#rules);
      return this.#thread;
    } catch (error) {
      throw new ThreadFailure(messageOf(error), false, error);
    }
  }

  async #loadHere(file: string, options: LoadOptions, failure: ThreadFailure): Promise<LoadedConfig> {
    if (this.#workerFile !== undefined) {
      this.#logger.warn('config is loaded without a thread of its own', { reason: failure.message });
    }
    // Imported only when needed, which is rare.
    const { loadConfig } = await import('./load-config.ts');
    return loadConfig(file, { ...options, rules: await importRules(this.#rules) });
  }

  /** Ends the thread when nothing was loaded for a while, because it costs memory. */
  #endWhenIdle(): void {
    const thread = this.#thread;
    if (this.#closed || thread?.isIdle !== true) return;
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => {
      if (!thread.isIdle) return;
      if (this.#thread === thread) this.#thread = undefined;
      void thread.destroy();
    }, this.#idleMs).unref();
  }
}

/** The compiled file of the thread, joined to one (src/bundle.mjs); undefined when the TypeScript sources run without a build. */
function compiledWorker(): URL | undefined {
  return import.meta.url.endsWith('.js') ? new URL('./bundle.js', import.meta.url) : undefined;
}
