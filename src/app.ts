import { dirname, resolve } from 'node:path';

import type { AdminServers } from './admin/admin-servers.ts';
import { createAdminServers } from './app/create-admin-servers.ts';
import type { AppOptions } from './app/app-options.ts';
import { CertificateWatch } from './app/certificate-watch.ts';
import { metricsSource } from './app/metrics-source.ts';
import { processIds } from './app/process-ids.ts';
import { StrayErrorLog } from './app/stray-error-log.ts';
import { NameResolver } from './net/dns/name-resolver.ts';
import { nodeLookup } from './net/dns/node-lookup.ts';
import { ProcessResources } from './net/resources/process-resources.ts';
import { RotatingKeyRing } from './net/tls/contexts/rotating-key-ring.ts';
import type { Logger, MetricsPage, MetricsPageRequest } from './plugin-api/index.ts';
import { FOREIGN_PROCESS, OWN_PROCESS } from './plugins/import/guarded-call.ts';
import { PluginLoader } from './plugins/plugin-loader.ts';
import { ListeningSockets } from './runtime/reload/listening-sockets.ts';
import type { ReloadCause, ReloadOutcome } from './runtime/reload/outcome/reload-outcome.ts';
import { ReloadPipeline } from './runtime/reload/reload-pipeline.ts';
import { ResolverParticipant } from './runtime/reload/resolver-participant.ts';
import { InProcessProxy } from './runtime/worker/in-process-proxy.ts';
import { createProxyParts } from './runtime/worker/proxy-parts.ts';
import { Telemetry } from './telemetry/telemetry.ts';
import { HandshakeLog } from './telemetry/logs/handshake-log.ts';
import { createLogging, type Logging } from './telemetry/logs/logging.ts';
import { openLogOutput } from './telemetry/logs/output/log-output.ts';
import { MetricsControl } from './telemetry/control/metrics-control.ts';
import { TelemetryControl } from './telemetry/control/telemetry-control.ts';

const STDOUT = 1;
const STDERR = 2;
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
  /** Opens all log files again, after they were moved. */
  reopenLogs(): void;
  /** Logs an error that nobody caught, such as one from a timer or a promise that a plugin has left behind. */
  strayError(error: unknown): void;
  /** For the exit event: writes as much of the log as can be written at once. */
  flushLogsNow(): void;
  /** Finishes what runs, for at most `shutdown.timeout`, and writes the rest of the log. */
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
  readonly #logging: Logging;
  readonly #telemetryControl: TelemetryControl;
  readonly #metrics: MetricsControl;
  readonly #plugins: PluginLoader;
  readonly #strayErrors: StrayErrorLog;
  readonly #proxy: InProcessProxy;
  readonly #admin: AdminServers;
  readonly #reloads: ReloadPipeline;
  readonly #names: NameResolver;
  readonly #resources: ProcessResources;
  readonly #certificates: CertificateWatch;
  #closed: Promise<void> | undefined;

  constructor(options: AppOptions) {
    const { observer, chance, version = 'unknown' } = options;
    const logging = openLogging(options);
    const { logger } = logging;
    const telemetry = new Telemetry(
      (error, failures) => {
        logger.error('telemetry failed', { error, failures });
      },
      [new HandshakeLog(logger)],
    );
    const names = new NameResolver({ logger });
    const resources = new ProcessResources({ logger });
    const plugins = new PluginLoader(logger, options.embedded === true ? FOREIGN_PROCESS : OWN_PROCESS);
    this.logger = logger;
    this.#logging = logging;
    this.#names = names;
    this.#resources = resources;
    this.#plugins = plugins;
    this.#certificates = new CertificateWatch(logger);
    this.#strayErrors = new StrayErrorLog(logger, plugins, telemetry);
    this.#telemetryControl = new TelemetryControl(telemetry, logging, nodeLookup(names));

    // What moves bytes.
    const ticketKeys = new RotatingKeyRing();
    const ids = processIds();
    const shared = { ids, logger, telemetry, names, resources, ticketKeys, plugins, observer, chance };
    const metricsPage = (request: MetricsPageRequest): Promise<MetricsPage> => this.#metrics.page(request);
    this.#proxy = new InProcessProxy(createProxyParts({ ...shared, metricsPage }));

    // What supervises it.
    this.#reloads = new ReloadPipeline({
      origin: options,
      control: this.#proxy,
      plugins,
      records: telemetry,
      logger,
      limits: resources,
      observer,
    });
    const shown = { version, control: this.#proxy, plugins, certificates: this.#certificates };
    const source = metricsSource({
      ...shown,
      journal: this.#reloads.journal,
      telemetry,
      telemetryControl: this.#telemetryControl,
      logging,
    });
    this.#metrics = new MetricsControl(telemetry, source);
    this.#admin = createAdminServers({
      ...shown,
      reloads: this.#reloads,
      metrics: this.#metrics,
      ticketKeys,
      names,
      handshakes: telemetry,
      logger,
    });
  }

  get listeners(): ReadonlyMap<string, string> {
    return this.#proxy.addresses();
  }

  get adminAddresses(): readonly string[] {
    return this.#admin.addresses;
  }

  get ready(): boolean {
    return this.#reloads.ready;
  }

  async start(): Promise<void> {
    // In the order in which they are prepared and committed: logs first, so that the new listeners log as the config says.
    await this.#reloads.start([
      new ResolverParticipant(this.#names),
      this.#telemetryControl,
      this.#metrics,
      this.#admin,
      this.#certificates,
      new ListeningSockets(this.#proxy.sockets),
    ]);
    for (const [name, address] of this.listeners) this.logger.info('listening', { listener: name, address });
    for (const { what, address, metricsPath } of this.#admin.served)
      this.logger.info(`${what} listening`, { address, metrics: metricsPath });
    void this.#proxy.logMissingWays();
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
    await this.#reloads.close();
    await this.#proxy.drain(this.#reloads.live?.config.shutdown.timeout ?? 0);
    this.#destroyParts();
    await this.#reloads.history.flush();
    // The last spans may have to find their collector, so names are still looked up.
    await this.#telemetryControl.close();
    this.#names.close();
    this.logger.info('stopped');
    await this.#logging.close();
  }

  destroy(): void {
    this.#destroyParts();
    this.#names.close();
  }

  /** Writes what was logged so far. */
  async flush(): Promise<void> {
    await this.#logging.close();
  }

  #destroyParts(): void {
    this.#reloads.destroy();
    this.#proxy.destroy();
    this.#admin.destroy();
    this.#plugins.close();
    this.#metrics.destroy();
    this.#certificates.destroy();
    this.#resources.destroy();
  }
}

/** The log before the first config says how it is written: lines wait until then. */
function openLogging({ output = STDOUT, errorOutput = STDERR, configFile }: AppOptions): Logging {
  return createLogging(FIRST_LOGGING, {
    stdout: typeof output === 'object' ? output : openLogOutput(output),
    stderr: () => openLogOutput(errorOutput),
    directory: dirname(resolve(configFile)),
    awaitsSettings: true,
  });
}
