import { dirname, resolve } from 'node:path';

import { AdminServers } from './admin/admin-servers.ts';
import type { AdminServerPlan } from './admin/admin-plan.ts';
import { get, type AdminRoute } from './admin/admin-router.ts';
import {
  ENDPOINT_PATHS,
  healthEndpoint,
  liveEndpoint,
  metricsEndpoint,
  readyEndpoint,
  statusEndpoint,
  versionEndpoint,
} from './admin/endpoints.ts';
import { loadConfig, type LoadedConfig } from './config/load-config.ts';
import { watchConfigFile, type ConfigFileWatch } from './config/watch.ts';
import { BalanceError } from './errors.ts';
import { ReadBuffers } from './net/read-buffers.ts';
import { TunnelTally } from './net/tunnel-tally.ts';
import type { Logger } from './plugin-api/index.ts';
import { PluginLoader } from './plugins/plugin-loader.ts';
import { GenerationBuilder } from './runtime/builder.ts';
import { describeChange } from './runtime/describe-change.ts';
import type { Generation } from './runtime/generation.ts';
import { ListenerTable } from './runtime/listener-table.ts';
import { LiveView } from './runtime/live-view.ts';
import { Registry } from './runtime/registry.ts';
import { Reloader, type ReloadOutcome } from './runtime/reloader.ts';
import { Unwinding } from './runtime/unwinding.ts';
import { Telemetry } from './telemetry/channels.ts';
import { openLogOutput } from './telemetry/log-output.ts';
import { createLogging, type Logging } from './telemetry/logging.ts';
import { Metrics } from './telemetry/metrics.ts';
import type { MetricsSource } from './telemetry/metrics-source.ts';
import { TelemetryControl } from './telemetry/telemetry-control.ts';

const STDOUT = 1;
const FIRST_LOGGING = { level: 'info', format: 'text', add_caller: false } as const;

export interface AppOptions {
  readonly configFile: string;
  /** What `${env:NAME}` reads from. Default: nothing. */
  readonly env?: NodeJS.ProcessEnv;
  /** File descriptor for log lines. Default: stdout. */
  readonly output?: number;
  /** Shown by `/version` and `/status`. */
  readonly version?: string;
}

/** A running proxy. */
export interface App {
  /** Bound addresses by the names of listeners. */
  readonly listeners: ReadonlyMap<string, string>;
  readonly adminAddresses: readonly string[];
  readonly logger: Logger;
  /** Reads the config again. Never rejects: a bad config changes nothing, and the outcome says why. */
  reload(): Promise<ReloadOutcome>;
  /** Finishes what runs, at most for `shutdown.timeout`, and writes what was logged. */
  close(): Promise<void>;
  /** Ends all connections now. */
  destroy(): void;
}

/** Starts a proxy. Rejects with a ConfigError that holds all problems, or with a BalanceError (an address in use, a broken plugin). */
export async function startApp(options: AppOptions): Promise<App> {
  const app = new Proxy(options);
  try {
    await app.start();
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
  readonly #options: AppOptions;
  readonly #logging: Logging;
  readonly #telemetry = new Telemetry();
  readonly #telemetryControl: TelemetryControl;
  readonly #tunnels = new TunnelTally();
  readonly #metrics: Metrics;
  readonly #plugins: PluginLoader;
  readonly #live = new LiveView();
  readonly #builder: GenerationBuilder;
  readonly #listeners: ListenerTable;
  readonly #admin: AdminServers;
  readonly #reloader: Reloader;
  /** Generations that were replaced and still run something. */
  readonly #draining = new Set<Generation>();
  #watch: ConfigFileWatch | undefined;
  #watchDebounceMs = 0;
  #closing = false;

  constructor(options: AppOptions) {
    this.#options = options;
    this.#logging = createLogging(FIRST_LOGGING, openLogOutput(options.output ?? STDOUT));
    const { logger } = this.#logging;
    this.logger = logger;
    this.#telemetryControl = new TelemetryControl(this.#telemetry, this.#logging);
    this.#plugins = new PluginLoader(logger);
    const buffers = new ReadBuffers();
    this.#listeners = new ListenerTable(buffers, logger);
    this.#builder = new GenerationBuilder({
      registry: new Registry(logger),
      buffers,
      logger,
      telemetry: this.#telemetry,
      tunnels: this.#tunnels,
      health: () => this.#live.health(),
      plugin: (name) => this.#plugins.get(name),
    });
    this.#metrics = new Metrics({ source: this.#metricsSource() });
    this.#telemetry.subscribe(this.#metrics);
    this.#admin = new AdminServers(logger, (plan) => this.#routes(plan));
    this.#reloader = new Reloader(() => this.#apply(), logger);
  }

  get listeners(): ReadonlyMap<string, string> {
    return new Map([...this.#listeners.listeners()].map((listener) => [listener.name, listener.bound]));
  }

  get adminAddresses(): readonly string[] {
    return this.#admin.addresses;
  }

  async start(): Promise<void> {
    await this.#apply();
    for (const [name, address] of this.listeners) this.logger.info('listening', { listener: name, address });
    for (const address of this.adminAddresses) this.logger.info('admin listening', { address });
  }

  reload(): Promise<ReloadOutcome> {
    return this.#reloader.reload();
  }

  async close(): Promise<void> {
    this.#closing = true;
    await this.#watch?.close();
    const limitMs = this.#live.generation?.config.shutdown.timeout ?? 0;
    const finished = await within(limitMs, this.#drain());
    if (!finished)
      this.logger.warn('drain took too long, connections are cut', { limit: `${String(limitMs)}ms` });
    this.destroy();
    await this.#telemetryControl.close();
    await this.#logging.close();
  }

  destroy(): void {
    this.#closing = true;
    void this.#watch?.close();
    this.#listeners.destroy();
    this.#admin.destroy();
    this.#live.generation?.destroy();
    for (const generation of this.#draining) generation.destroy();
  }

  /** Writes what was logged so far. */
  async flush(): Promise<void> {
    await this.#logging.close();
  }

  async #drain(): Promise<void> {
    await Promise.all([this.#listeners.close(), this.#live.generation?.close()]);
  }

  /** Loads the config and makes it live, or throws and changes nothing. Returns what changed. */
  async #apply(): Promise<string> {
    const loaded = await this.#load();
    const { config } = loaded;
    const undo = new Unwinding();
    try {
      const generation = await this.#builder.build(config, loaded.hash, dirname(resolve(loaded.file)));
      undo.push(() => {
        generation.destroy();
      });
      const telemetry = await this.#telemetryControl.prepare(config);
      undo.push(() => {
        telemetry.unwind();
      });
      const admin = await this.#admin.prepare(config);
      undo.push(() => {
        admin.unwind();
      });
      const listeners = await this.#listeners.prepare(generation);
      undo.push(() => {
        listeners.unwind();
      });
      if (this.#closing) throw new BalanceError('shutdown', 'the proxy ends', { origin: 'internal' });
      // From here on nothing can fail.
      const old = this.#live.generation;
      this.#live.generation = generation;
      listeners.commit();
      admin.commit();
      telemetry.apply();
      this.#follow(loaded);
      for (const warning of loaded.warnings)
        this.logger.warn('config warning', {
          at: `${warning.file}:${String(warning.line)}:${String(warning.column)}`,
          path: warning.path,
          warning: warning.message,
        });
      if (old !== undefined) void this.#retire(old);
      return describeChange(old?.config, config);
    } catch (error) {
      undo.unwind();
      throw error;
    }
  }

  async #load(): Promise<LoadedConfig> {
    const file = this.#options.configFile;
    await this.#plugins.loadFor(file);
    const loaded = await loadConfig(file, { env: this.#options.env ?? {}, modes: this.#plugins.names });
    this.#plugins.check(loaded);
    return loaded;
  }

  async #retire(generation: Generation): Promise<void> {
    this.#draining.add(generation);
    await generation.close();
    this.#draining.delete(generation);
  }

  /** Watches the file from the first load on, as the config that is live says. */
  #follow({ config, hash }: LoadedConfig): void {
    if (this.#closing || !config.reload.watch) {
      void this.#watch?.close();
      this.#watch = undefined;
      return;
    }
    const debounceMs = config.reload.debounce;
    if (this.#watch !== undefined && this.#watchDebounceMs === debounceMs) return;
    void this.#watch?.close();
    this.#watchDebounceMs = debounceMs;
    this.#watch = watchConfigFile(this.#options.configFile, {
      debounceMs,
      knownHash: hash,
      onChange: (changed) => {
        // Who asked for a reload by hand was quicker than the watch.
        const isLive = changed === this.#live.generation?.hash && this.#reloader.counts.lastSucceeded;
        if (!isLive) void this.reload();
      },
    });
  }

  #metricsSource(): MetricsSource {
    return {
      backends: () =>
        [...this.#live.backends()].map(({ backend, healthy }) => ({
          backend,
          healthy,
          connectionsActive: backend.sockets,
          requestsInFlight: backend.active,
          poolActive: backend.leased,
          poolIdle: backend.idle,
          poolCreated: backend.created,
          poolReused: backend.reused,
        })),
      reloads: () => ({ ...this.#reloader.counts, generation: this.#live.generation?.id ?? 0 }),
      tunnels: () => this.#tunnels,
      spans: () => this.#telemetryControl.spans,
      droppedLogLines: () => this.#logging.sink.droppedLines,
    };
  }

  #routes(plan: AdminServerPlan): readonly AdminRoute[] {
    const metrics =
      plan.metricsPath === undefined ? [] : [get(plan.metricsPath, metricsEndpoint(this.#metrics))];
    if (!plan.admin) return metrics;
    const version = this.#options.version ?? 'unknown';
    const status = statusEndpoint(() => ({
      version,
      startedAtMs: this.#live.startedAtMs,
      generation: this.#live.generation?.id ?? 0,
      draining_generations: this.#draining.size,
      listeners: Object.fromEntries(this.listeners),
    }));
    const isReady = (): boolean => !this.#closing && this.#live.generation !== undefined;
    return [
      get(
        ENDPOINT_PATHS.health,
        healthEndpoint(() => this.#live.health()),
      ),
      get(ENDPOINT_PATHS.live, liveEndpoint()),
      get(ENDPOINT_PATHS.ready, readyEndpoint(isReady)),
      get(ENDPOINT_PATHS.version, versionEndpoint(version)),
      get(ENDPOINT_PATHS.status, status),
      ...metrics,
    ];
  }
}

/** Whether `work` is done in time. */
async function within(limitMs: number, work: Promise<void>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => {
      resolve(false);
    }, limitMs);
  });
  const done = await Promise.race([work.then(() => true), late]);
  clearTimeout(timer);
  return done;
}
