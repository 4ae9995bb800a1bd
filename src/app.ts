import { dirname, resolve } from 'node:path';

import { adminPart } from './app/admin-part.ts';
import { adminRoutes } from './app/admin-routes.ts';
import type { AppOptions } from './app/app-options.ts';
import { DrainWatch } from './app/drain-watch.ts';
import { metricsSource } from './app/metrics-source.ts';
import { namesPart } from './app/names-part.ts';
import { ReloadPipeline } from './app/reload-pipeline.ts';
import { resolverSettings } from './app/resolver-settings.ts';
import { StrayErrorLog } from './app/stray-error-log.ts';
import { tellMissingWays } from './app/tell-missing-ways.ts';
import { get } from './admin/endpoint/admin-router.ts';
import { AdminServers } from './admin/admin-servers.ts';
import { metricsEndpoint } from './admin/routes/probe-routes.ts';
import { EventLoopWatch } from './admin/diagnostics/event-loop-watch.ts';
import { bindAddresses } from './net/dns/bind-addresses.ts';
import { NameResolver } from './net/dns/name-resolver.ts';
import { nodeLookup } from './net/dns/sources/node-lookup.ts';
import { ProcessResources } from './net/resources/process-resources.ts';
import { ReadBuffers } from './net/transport/read-buffers.ts';
import { runtimeWays } from './net/node/runtime-ways.ts';
import { TunnelStats } from './net/tunnel/tunnel-stats.ts';
import type { Logger } from './plugin-api/index.ts';
import { FOREIGN_PROCESS, OWN_PROCESS } from './plugins/import/process-guards.ts';
import { PluginLoader } from './plugins/plugin-loader.ts';
import { GenerationBuilder } from './runtime/generation/builder.ts';
import { DrainingGenerations } from './runtime/generation/draining-generations.ts';
import { ListenerTable } from './runtime/listeners/listener-table.ts';
import { LiveView } from './runtime/generation/live-view.ts';
import { Registry } from './runtime/upstreams/registry.ts';
import type { ReloadCause, ReloadOutcome } from './runtime/reload/reloader.ts';
import { withTimeout } from './time/with-timeout.ts';
import { Telemetry } from './telemetry/telemetry.ts';
import { openLogOutput } from './telemetry/logs/output/log-output.ts';
import { createLogging, type Logging } from './telemetry/logs/logging.ts';
import { MetricsControl } from './telemetry/control/metrics-control.ts';
import { TelemetryControl } from './telemetry/control/telemetry-control.ts';

const STDOUT = 1;
const STDERR = 2;
/** Requests and tunnels that were cut have this time to write their last log line. */
const CUT_GRACE_MS = 500;
const FIRST_LOGGING = { level: 'info', format: 'text', add_caller: false } as const;

/** A running proxy. */
export interface App {
  /** Bound addresses by the names of listeners. */
  readonly listeners: ReadonlyMap<string, string>;
  readonly adminAddresses: readonly string[];
  /** Whether new connections are welcome: false during the start and once a shutdown began. */
  readonly ready: boolean;
  readonly logger: Logger;
  /** Reads the config again. Never rejects: a bad config changes nothing, and the outcome says why. */
  reload(cause?: ReloadCause): Promise<ReloadOutcome>;
  /** Opens all log files anew, after somebody moved them. */
  reopenLogs(): void;
  /** Tells of an error that nobody caught: from a timer or a promise that nobody waits for, as plugins may leave them behind. */
  strayError(error: unknown): void;
  /** For the exit event: writes what was logged and can be written at once. */
  flushLogsNow(): void;
  /** Finishes what runs, at most for `shutdown.timeout`, and writes what was logged. */
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
  const app = new Proxy(options);
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

/** Wires all parts together, and owns them. */
class Proxy implements App {
  readonly logger: Logger;
  readonly #logging: Logging;
  readonly #telemetry: Telemetry;
  readonly #telemetryControl: TelemetryControl;
  readonly #metrics: MetricsControl;
  readonly #plugins: PluginLoader;
  readonly #strayErrors: StrayErrorLog;
  readonly #live = new LiveView();
  readonly #draining: DrainingGenerations;
  readonly #listeners: ListenerTable;
  readonly #admin: AdminServers;
  readonly #reloads: ReloadPipeline;
  readonly #names: NameResolver;
  readonly #resources: ProcessResources;
  readonly #runtimeWays = runtimeWays();
  #closing = false;
  #closed: Promise<void> | undefined;

  constructor(options: AppOptions) {
    const live = this.#live;
    const buffers = new ReadBuffers();
    const tunnels = new TunnelStats();
    const logging = createLogging(FIRST_LOGGING, {
      stdout: typeof options.output === 'object' ? options.output : openLogOutput(options.output ?? STDOUT),
      stderr: () => openLogOutput(options.errorOutput ?? STDERR),
      directory: dirname(resolve(options.configFile)),
      awaitsSettings: true,
    });
    const { logger } = logging;
    this.logger = logger;
    this.#logging = logging;
    const telemetry = new Telemetry((error, failures) =>
      logger.error('telemetry failed', { error, failures }),
    );
    this.#telemetry = telemetry;
    const names = new NameResolver({ logger });
    this.#names = names;
    const control = new TelemetryControl(telemetry, logging, nodeLookup(names));
    this.#telemetryControl = control;
    const plugins = new PluginLoader(logger, options.embedded === true ? FOREIGN_PROCESS : OWN_PROCESS);
    this.#plugins = plugins;
    this.#strayErrors = new StrayErrorLog({
      logger,
      authorOf: (error) => plugins.authorOf(error),
      countFault: (plugin, kind) => telemetry.pluginFailed(plugin, kind),
    });
    const resources = new ProcessResources({ logger });
    this.#resources = resources;
    const listeners = new ListenerTable(buffers, logger, telemetry, bindAddresses(names), resources);
    this.#listeners = listeners;
    const registry = new Registry(
      logger,
      names,
      telemetry,
      resources,
      options.observer?.healthChanged.bind(options.observer),
    );
    const draining = new DrainingGenerations({
      logger,
      running: () => listeners.running(),
      cut: (instance) => listeners.cut(instance),
    });
    this.#draining = draining;

    const version = options.version ?? 'unknown';
    const source = metricsSource({
      version,
      live,
      draining,
      registry,
      names,
      listeners,
      resources,
      tunnels,
      logging,
      plugins,
      telemetry,
      telemetryControl: control,
      reloader: () => this.#reloads.reloader,
    });
    const metrics = new MetricsControl(telemetry, source);
    this.#metrics = metrics;

    const eventLoop = new EventLoopWatch();
    this.#admin = new AdminServers({
      logger,
      bindAddresses: bindAddresses(names),
      version,
      eventLoop,
      routes: adminRoutes({
        version,
        live,
        draining,
        listeners,
        resources,
        plugins,
        logger,
        eventLoop,
        requests: (backend) => metrics.totals(backend),
        closing: () => this.#closing,
        runtimeWays: this.#runtimeWays,
        reloader: () => this.#reloads.reloader,
        sources: () => this.#reloads.sources,
        checkText: (text) => this.#reloads.check(text),
        history: {
          entries: () => this.#reloads.history.entries(),
          config: (id) => this.#reloads.history.config(id),
          rollBack: (id) => this.#reloads.history.rollBack(id),
        },
      }),
      metrics: (path) => get(path, metricsEndpoint(metrics)),
    });

    const builder = new GenerationBuilder({
      registry,
      names,
      buffers,
      logger,
      telemetry,
      tunnels,
      resources,
      chance: options.chance,
      health: () => live.health(),
      metricsPage: (request) => metrics.page(request),
    });
    this.#reloads = new ReloadPipeline({
      app: options,
      logger,
      telemetry,
      plugins,
      resources,
      builder,
      live,
      draining,
      begin: async (config) => {
        // The names of the first config must not be asked for at servers that it replaces.
        names.configure(resolverSettings(config.dns));
        // Before plugins are provisioned, which may log.
        await control.beginLogging(config);
      },
      parts: [
        namesPart(names),
        { prepare: ({ config }) => control.prepare(config) },
        { prepare: ({ config }) => metrics.prepare(config.metrics) },
        adminPart(this.#admin),
        listeners,
      ],
    });
  }

  get listeners(): ReadonlyMap<string, string> {
    return this.#listeners.addresses();
  }

  get adminAddresses(): readonly string[] {
    return this.#admin.addresses;
  }

  get ready(): boolean {
    return !this.#closing && this.#live.generation !== undefined;
  }

  async start(): Promise<void> {
    await this.#reloads.reloader.start();
    for (const [name, address] of this.listeners) this.logger.info('listening', { listener: name, address });
    for (const { what, address, metricsPath } of this.#admin.served)
      this.logger.info(`${what} listening`, { address, metrics: metricsPath });
    void tellMissingWays(this.#runtimeWays, this.#listeners.copier, this.logger);
  }

  reload(cause: ReloadCause = { source: 'admin' }): Promise<ReloadOutcome> {
    return this.#reloads.reload(cause);
  }

  reopenLogs(): void {
    this.#logging.reopen();
  }

  strayError(error: unknown): void {
    this.#strayErrors.report(error);
  }

  flushLogsNow(): void {
    this.#logging.flushNow();
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#closing = true;
    await this.#reloads.stop();
    const limitMs = this.#live.generation?.config.shutdown.timeout ?? 0;
    const drained = this.#drain().then(() => true);
    const watch = new DrainWatch({ logger: this.logger, listeners: () => this.#listeners.all(), limitMs });
    let finished = false;
    try {
      finished = await withTimeout(drained, { limitMs, expired: () => false });
      if (!finished) watch.tellCut();
    } finally {
      watch.stop();
    }
    this.#cut();
    // The lines of what was cut come before the last one.
    if (!finished) await withTimeout(drained, { limitMs: CUT_GRACE_MS, expired: () => false });
    await this.#reloads.flush();
    // The last spans may have to find their collector.
    await this.#telemetryControl.close();
    this.#names.close();
    this.logger.info('stopped');
    await this.#logging.close();
  }

  destroy(): void {
    this.#cut();
    this.#names.close();
  }

  #cut(): void {
    this.#closing = true;
    this.#reloads.destroy();
    this.#listeners.destroy();
    this.#admin.destroy();
    this.#plugins.close();
    this.#live.generation?.destroy();
    this.#draining.destroy();
    this.#metrics.destroy();
    this.#resources.destroy();
  }

  /** Writes what was logged so far. */
  async flush(): Promise<void> {
    await this.#logging.close();
  }

  async #drain(): Promise<void> {
    await Promise.all([this.#listeners.close(), this.#live.generation?.close()]);
  }
}
