import { randomUUID } from 'node:crypto';

import type { AppOptions } from './app/app-options.ts';
import { openLogging } from './app/open-logging.ts';
import { createServing } from './app/serving/create-serving.ts';
import type { Serving } from './app/serving/serving.ts';
import { createSupervisorParts, type SupervisorParts } from './app/supervisor-parts.ts';
import { createThreadParts, type ThreadParts } from './app/parts/thread-parts.ts';
import { createUpgrade } from './app/upgrade/create-upgrade.ts';
import type { Upgrade } from './app/upgrade/upgrade.ts';
import type { LoadedConfig } from './config/load/loaded-config.ts';
import { NameResolver } from './net/dns/name-resolver.ts';
import { ProcessResources } from './net/resources/process-resources.ts';
import { RotatingKeyRing } from './net/tls/contexts/rotating-key-ring.ts';
import type { Logger, MetricsPageRequest } from './plugin-api/index.ts';
import { FOREIGN_PROCESS, OWN_PROCESS } from './plugins/import/guarded-call.ts';
import { PluginLoader } from './plugins/plugin-loader.ts';
import type { ReloadCause, ReloadOutcome } from './runtime/reload/outcome/reload-outcome.ts';
import { ReloadPipeline } from './runtime/reload/reload-pipeline.ts';

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

/** What there is once the first config was loaded. */
interface RunningParts extends SupervisorParts, Serving {}

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
  readonly #thread: ThreadParts;
  readonly #plugins: PluginLoader;
  readonly #reloads: ReloadPipeline;
  readonly #names: NameResolver;
  readonly #resources: ProcessResources;
  readonly #ticketKeys: RotatingKeyRing;
  /** undefined before the first config was loaded. */
  #running: RunningParts | undefined;
  #closed: Promise<void> | undefined;

  constructor(options: AppOptions) {
    const logging = openLogging(options);
    const { logger } = logging;
    const names = new NameResolver({ logger });
    const resources = new ProcessResources({ logger });
    const plugins = new PluginLoader(logger, options.embedded === true ? FOREIGN_PROCESS : OWN_PROCESS);
    const { observer, upgrades, version = UNKNOWN } = options;
    const before = upgrades?.offer?.succession;
    const ticketKeys = new RotatingKeyRing(undefined, before?.ticketKeys);
    this.logger = logger;
    this.#options = options;
    this.#thread = createThreadParts({ logging, authors: plugins, names, instanceId: randomUUID() });
    this.#names = names;
    this.#resources = resources;
    this.#plugins = plugins;
    this.#ticketKeys = ticketKeys;
    const reloads = new ReloadPipeline({
      origin: options,
      plugins,
      logger,
      limits: resources,
      observer,
      lastGeneration: before?.generation,
    });
    this.#reloads = reloads;
    const running = (): RunningParts | undefined => this.#running;
    this.upgrade = createUpgrade({ version, logger, reloads, ticketKeys, running }, upgrades);
  }

  get listeners(): ReadonlyMap<string, string> {
    return this.#running?.control.addresses() ?? new Map();
  }

  get adminAddresses(): readonly string[] {
    return this.#running?.admin.addresses ?? [];
  }

  get ready(): boolean {
    return this.#reloads.ready;
  }

  async start(): Promise<void> {
    await this.#reloads.start((loaded) => this.#makeRunningParts(loaded));
    for (const [name, address] of this.listeners) this.logger.info('listening', { listener: name, address });
    for (const { what, address, metricsPath } of this.#running?.admin.served ?? [])
      this.logger.info(`${what} listening`, { address, metrics: metricsPath });
    this.#running?.started();
  }

  reload(cause: ReloadCause = { source: 'admin' }): Promise<ReloadOutcome> {
    return this.#reloads.reload(cause);
  }

  reopenLogs(): void {
    this.#thread.logging.reopen();
  }

  strayError(error: unknown): void {
    this.#thread.strayErrors.report(error);
  }

  flushLogsNow(): void {
    this.#thread.logging.flushNow();
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    await this.upgrade.close();
    await this.#reloads.close();
    const limitMs = this.#reloads.live?.config.shutdown.timeout ?? 0;
    await this.#running?.control.drain(limitMs, this.upgrade.servedBy !== undefined);
    this.#destroyParts();
    await this.#reloads.history.flush();
    // The last spans may have to find their collector, so names are still looked up.
    await this.#thread.telemetryControl.close();
    this.#names.close();
    this.logger.info('stopped');
    await this.flush();
  }

  destroy(): void {
    this.#destroyParts();
    this.#names.close();
  }

  /** Writes what was logged so far. */
  async flush(): Promise<void> {
    await this.#thread.logging.close();
  }

  /** Makes what serves clients, as the first config says, and what shows it. */
  async #makeRunningParts({ config }: LoadedConfig): Promise<RunningParts> {
    const { version = UNKNOWN, workers, configFile, observer, chance, upgrades } = this.#options;
    const parts = {
      version,
      configFile,
      observer,
      chance,
      thread: this.#thread,
      plugins: this.#plugins,
      names: this.#names,
      resources: this.#resources,
      reloads: this.#reloads,
      ticketKeys: this.#ticketKeys,
      inheritance: upgrades?.inheritance,
      upgrade: this.upgrade,
      metricsPage: (request: MetricsPageRequest) => supervisor.metrics.page(request),
    };
    const serving = await createServing(parts, config.workers, workers);
    const supervisor = createSupervisorParts({ ...parts, ...serving });
    this.#running = { ...serving, ...supervisor };
    return this.#running;
  }

  #destroyParts(): void {
    this.#reloads.destroy();
    this.#running?.control.destroy();
    this.#running?.destroy();
    this.#plugins.close();
    this.#resources.destroy();
  }
}
