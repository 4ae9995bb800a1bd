import type { AppOptions } from './app/app-options.ts';
import { createFirstParts, type FirstParts } from './app/first-parts.ts';
import { createRunningParts, type RunningParts } from './app/running-parts.ts';
import { createUpgrade } from './app/upgrade/create-upgrade.ts';
import type { Upgrade } from './app/upgrade/upgrade.ts';
import type { Logger } from './plugin-api/index.ts';
import type { ReloadCause, ReloadOutcome } from './runtime/reload/outcome/reload-outcome.ts';

/** The version of a proxy whose starter does not say it. */
const UNKNOWN = 'unknown';

/** A running proxy. */
export interface App {
  /** Bound addresses by the names of listeners. */
  readonly listeners: ReadonlyMap<string, string>;
  readonly adminAddresses: readonly string[];
  /** Whether new connections are welcome: false during the start and once a shutdown began. */
  readonly ready: boolean;
  readonly logger: Logger;
  /** Replaces this process by a new version of the proxy. */
  readonly upgrade: Upgrade;
  /** Reads the config again. Never rejects: a bad config changes nothing, and the outcome says why. */
  reload(cause?: ReloadCause): Promise<ReloadOutcome>;
  /** Opens all log files again, after they were moved. */
  reopenLogs(): void;
  /** Logs an error that nobody caught, such as one from a timer or a promise that a plugin has left behind. */
  strayError(error: unknown): void;
  /** For the exit event: writes as much of the log as can be written at once. */
  flushLogsNow(): void;
  /**
   * Finishes what runs, for at most `shutdown.timeout`, and writes the rest of the log. An upgrade that is under way is taken back; after
   * one, the process that serves now keeps the listening sockets.
   */
  close(): Promise<void>;
  /** Ends all connections now. */
  destroy(): void;
}

/**
 * Starts a proxy. Rejects with a ConfigError that holds all problems, with a BalanceError (an address in use, a broken
 * plugin); after `stopped` aborts with whichever error that leads to.
 */
export async function startApp(options: AppOptions): Promise<App> {
  const { stopped } = options;
  stopped?.throwIfAborted();
  const app = new BalanceApp(options);
  const abandon = (): void => {
    app.destroy();
    app.flushLogsNow();
  };
  stopped?.addEventListener('abort', abandon);
  try {
    await app.start();
    stopped?.throwIfAborted();
    stopped?.removeEventListener('abort', abandon);
    return app;
  } catch (error) {
    app.destroy();
    await app.flush();
    throw error;
  }
}

/** The parts of a proxy, wired together and owned. The supervisor's parts see what moves bytes through `ProxyControl` alone. */
class BalanceApp implements App {
  readonly logger: Logger;
  readonly upgrade: Upgrade;
  readonly #options: AppOptions;
  readonly #version: string;
  readonly #first: FirstParts;
  /** undefined before the first config was loaded. */
  #running: RunningParts | undefined;
  #closed: Promise<void> | undefined;

  constructor(options: AppOptions) {
    const { version = UNKNOWN, upgrades, upgradeRefusal } = options;
    this.#options = options;
    this.#version = version;
    this.#first = createFirstParts(options);
    this.logger = this.#first.thread.logging.logger;
    this.upgrade = createUpgrade(
      { ...this.#first, version, logger: this.logger, running: () => this.#running },
      upgrades,
      upgradeRefusal,
    );
  }

  get listeners(): ReadonlyMap<string, string> {
    return this.#running?.control.addresses() ?? new Map();
  }

  get adminAddresses(): readonly string[] {
    return this.#running?.admin.addresses ?? [];
  }

  get ready(): boolean {
    return this.#first.reloads.ready;
  }

  async start(): Promise<void> {
    const { configFile, observer, chance, upgrades, workers } = this.#options;
    await this.#first.reloads.start(async ({ config }) => {
      this.#running = await createRunningParts(
        {
          ...this.#first,
          version: this.#version,
          configFile,
          observer,
          chance,
          inheritance: upgrades?.inheritance,
          upgrade: this.upgrade,
        },
        config.workers,
        workers,
      );
      return this.#running;
    });
    for (const [name, address] of this.listeners) this.logger.info('listening', { listener: name, address });
    for (const { what, address, metricsPath } of this.#running?.admin.served ?? [])
      this.logger.info(`${what} listening`, { address, metrics: metricsPath });
    this.#running?.started();
  }

  reload(cause: ReloadCause = { source: 'admin' }): Promise<ReloadOutcome> {
    return this.#first.reloads.reload(cause);
  }

  reopenLogs(): void {
    this.#first.thread.logging.reopen();
  }

  strayError(error: unknown): void {
    this.#first.thread.strayErrors.report(error);
  }

  flushLogsNow(): void {
    this.#first.thread.logging.flushNow();
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    const { reloads, thread, names } = this.#first;
    await this.upgrade.close();
    await reloads.close();
    const limitMs = reloads.live?.config.shutdown.timeout ?? 0;
    await this.#running?.control.drain(limitMs, this.upgrade.servedBy !== undefined);
    this.#destroyParts();
    await reloads.history.flush();
    // The last spans may have to find their collector, so names are still looked up.
    await thread.telemetryControl.close();
    names.close();
    this.logger.info('stopped');
    await this.flush();
  }

  destroy(): void {
    this.#destroyParts();
    this.#first.names.close();
  }

  /** Writes what was logged so far. */
  async flush(): Promise<void> {
    await this.#first.thread.logging.close();
  }

  #destroyParts(): void {
    const { reloads, plugins, resources } = this.#first;
    reloads.destroy();
    this.#running?.control.destroy();
    this.#running?.destroy();
    plugins.close();
    resources.destroy();
  }
}
