import type { Config, Listener as ListenerConfig, Metrics } from '../../config/schema/config.generated.ts';
import { optionsOf, passedUpstreams } from '../../config/options/listener-options.ts';
import { socketKeyOf } from '../../config/sockets/socket-key.ts';
import { isEqual } from '../../config/values/is-equal.ts';
import { BalanceError, messageOf } from '../../errors.ts';
import type { OwnMetrics, ProtocolInstance, ProtocolPlugin } from '../../plugin-api/index.ts';
import { instanceOf } from '../../plugins/checks/plugin-contract.ts';
import { ImportedPlugin } from '../../plugins/checks/imported-plugin.ts';
import { ConfigFiles, type NamedFiles } from '../../config/files/config-files.ts';
import { fileStamp } from './file-stamp.ts';
import { Generation, type PlannedListener } from './generation.ts';
import { withTimeout } from '../../time/with-timeout.ts';
import { LiveInstance } from './live-instance.ts';
import { passingConfig } from './passing-config.ts';
import { NO_LAYERS, type LayerBuilder } from '../layers/listener-layers.ts';
import { ListenerHost, type HostParts, type Upstreams } from './listener-host.ts';
import { SharedUpstream } from '../upstreams/shared-upstream.ts';
import type { UpstreamParts } from '../upstreams/upstream-parts.ts';
import { TimeSlicer } from '../../time/time-slicer.ts';

/** A stranger's plugin has the limit that the config sets; this one is for everything else. */
const PROVISION_TIMEOUT_MS = 600_000;

export interface BuilderOptions extends HostParts, UpstreamParts {
  /** How long a protocol may take to make an instance, where nothing else limits it. Default: 10 min. */
  readonly provisionTimeoutMs?: number;
  /** Makes the layers of listeners. Default: listeners have none, as where nothing is bound. */
  readonly layers?: LayerBuilder | undefined;
}

/** An instance, and the config that it was made from. */
type Served = Pick<PlannedListener, 'config' | 'served'>;

/** A listener whose second instance may still be missing. */
type PassingListener = Omit<PlannedListener, 'passing'> & { passing?: LiveInstance };

/** The protocols and filters that a generation is built with. */
export interface Protocols {
  /** undefined when no plugin has that name. */
  get(name: string): ProtocolPlugin | undefined;
}

/** What a generation is built from. */
export interface BuildSource {
  /** Number of the generation. */
  readonly id: number;
  readonly config: Config;
  readonly hash: string;
  /** The folder of the config file. */
  readonly directory: string;
  /** The files that keys of the config name. Default: none. */
  readonly files?: NamedFiles;
  /** The key for the cookies of upstreams whose config gives none. Default: nothing is served. */
  readonly sessionKey?: string | undefined;
  readonly protocols: Protocols;
}

/** Builds generations beside the live one, in slices. When a step fails, everything that was built is released. */
export class GenerationBuilder {
  readonly #options: BuilderOptions;

  constructor(options: BuilderOptions) {
    this.#options = options;
  }

  /**
   * Builds what `live` does not have already, and shares the rest with it.
   *
   * @throws BalanceError when the config can't be made to work; the signal's reason when it is aborted. Then nothing of the generation is left.
   */
  async build(
    source: BuildSource,
    live?: Generation,
    signal: AbortSignal = new AbortController().signal,
  ): Promise<Generation> {
    const upstreams = new Map<string, SharedUpstream>();
    const listeners: PlannedListener[] = [];
    const { id, config, hash } = source;
    const files = new ConfigFiles(source.directory, source.files ?? new Map());
    const generation = new Generation({ id, hash, config, upstreams, listeners, files });
    const slicer = new TimeSlicer();
    try {
      for (const upstream of config.upstreams) {
        const same = live?.upstreams.get(upstream.name);
        const stamp = fileStamp([upstream.tls, upstream.sticky], source.directory, source.files ?? new Map());
        const isSame = same?.stamp === stamp && isEqual(same.config, upstream);
        upstreams.set(
          upstream.name,
          isSame
            ? same
            : await SharedUpstream.build(upstream, this.#options, slicer, files, stamp, source.sessionKey),
        );
      }
      const sockets = new Map(live?.listeners.map((one) => [socketKeyOf(one.config), one.layers]));
      for (const listener of config.listeners) {
        const before = live?.listeners.find(({ config: { name } }) => name === listener.name);
        // Before the instances: layers need not be released if an instance can't be made.
        const layers = await this.#options.layers?.build(listener, files, slicer, {
          contexts: before?.layers.contexts,
          socket: sockets.get(socketKeyOf(listener)),
        });
        const metrics = ownMetrics(listener, config.metrics, this.#options.metricsPage);
        const served = await this.#instance(listener, before, source, upstreams, signal, metrics);
        const planned: PassingListener = { config: listener, served, layers: layers ?? NO_LAYERS };
        listeners.push(planned);
        const passing = passingConfig(listener);
        if (passing !== undefined)
          planned.passing = await this.#instance(passing, passingOf(before), source, upstreams, signal);
        if (slicer.isDue) await slicer.pause();
      }
      for (const upstream of upstreams.values()) await upstream.fill(slicer);
      return generation;
    } catch (error) {
      await generation.abort(live);
      throw error;
    }
  }

  /** The instance of `before`, if it is still right, or a new one. */
  async #instance(
    listener: ListenerConfig,
    before: Served | undefined,
    source: BuildSource,
    upstreams: Upstreams,
    signal: AbortSignal,
    metrics?: OwnMetrics,
  ): Promise<LiveInstance> {
    const stamp = fileStamp(instanceConfig(listener), source.directory, source.files ?? new Map());
    const isSame =
      before !== undefined && fits(before, listener, stamp, upstreams, source.protocols, metrics);
    return isSame ? before.served : this.#provision(listener, stamp, source, upstreams, signal, metrics);
  }

  async #provision(
    listener: ListenerConfig,
    stamp: string,
    { directory, protocols }: BuildSource,
    upstreams: Upstreams,
    signal: AbortSignal,
    metrics: OwnMetrics | undefined,
  ): Promise<LiveInstance> {
    const { mode, name } = listener;
    const plugin = protocols.get(mode);
    if (plugin === undefined) {
      throw new BalanceError('config_invalid', `listener ${name}: no plugin speaks ${mode}`);
    }
    const parts = this.#options;
    const host = new ListenerHost(
      listener,
      directory,
      upstreams,
      parts,
      metrics,
      !isBuiltIn(plugin),
      protocols,
    );
    try {
      const given = await this.#inTime(() => plugin.provision(optionsOf(listener), host), host, signal);
      const instance = new LiveInstance(instanceOf(given), plugin, host, stamp);
      if (mode === 'tcp') for (const upstream of passedUpstreams(listener)) host.upstream(upstream, 'once');
      host.provisioned();
      return instance;
    } catch (error) {
      host.close();
      if (error instanceof BalanceError) throw error;
      throw new BalanceError(
        'plugin_failed',
        `listener ${name}: plugin ${mode} failed: ${messageOf(error)}`,
        { origin: 'config', cause: error },
      );
    }
  }

  /** Limits the wait for a plugin: one that never gets ready must not keep every later edit waiting. */
  async #inTime(
    provision: () => ProtocolInstance | Promise<ProtocolInstance>,
    host: ListenerHost,
    signal: AbortSignal,
  ): Promise<unknown> {
    const given = provision();
    if (!isPromise(given)) return given;
    const limitMs = this.#options.provisionTimeoutMs ?? PROVISION_TIMEOUT_MS;
    return withTimeout<unknown>(given, {
      limitMs,
      signal,
      expired: () => {
        throw new Error(`it did not get ready within ${limitMs} ms`);
      },
      late: (instance) => {
        host.logger.warn('protocol got ready too late and is closed');
        void closeUnused(instance, host);
      },
    });
  }
}

/** Whether nothing that an instance depends on has changed. */
function fits(
  { served, config }: Served,
  listener: ListenerConfig,
  stamp: string,
  upstreams: Upstreams,
  protocols: Protocols,
  metrics: OwnMetrics | undefined,
): boolean {
  return (
    served.plugin === protocols.get(listener.mode) &&
    served.stamp === stamp &&
    isEqual(served.host.metrics, metrics) &&
    isEqual(instanceConfig(config), instanceConfig(listener)) &&
    served.host.fits(upstreams, protocols)
  );
}

/** The instance for passed connections, with its config. */
function passingOf(before: PlannedListener | undefined): Served | undefined {
  const config = before && passingConfig(before.config);
  return config && before.passing && { config, served: before.passing };
}

/** A listener without the keys that concern its socket or its layers, not the instance. */
function instanceConfig(listener: ListenerConfig): object {
  return {
    ...listener,
    max_connections: undefined,
    tcp_keepalive: undefined,
    socket_mode: undefined,
    // An instance of tcp holds the upstreams that connections are passed on to.
    tls: listener.mode === 'tcp' ? passedUpstreams(listener) : undefined,
    proxy_protocol: undefined,
  };
}

/** Built-in protocols end the leases and tunnels that they begin, so nobody has to follow these: that would cost each request a little. */
function isBuiltIn(plugin: ProtocolPlugin): boolean {
  return plugin instanceof ImportedPlugin && plugin.origin.builtIn;
}

function isPromise(given: unknown): given is Promise<ProtocolInstance> {
  return typeof (given as Partial<Promise<unknown>> | undefined)?.then === 'function';
}

/** Closes an instance that came when nobody waited for it any more. */
async function closeUnused(given: unknown, host: ListenerHost): Promise<void> {
  try {
    await instanceOf(given).close();
  } catch (error) {
    host.failed('protocol failed to close', error);
  }
}

/** The metrics page of the listener that `metrics.listener` names; undefined for other listeners. */
function ownMetrics(
  listener: ListenerConfig,
  { enabled, listener: server, path, allow = [] }: Metrics,
  page: OwnMetrics['page'],
): OwnMetrics | undefined {
  return enabled && server === listener.name ? { path, allow, page } : undefined;
}
