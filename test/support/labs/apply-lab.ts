import http from '../../../plugins/http/index.ts';
import tcp from '../../../plugins/tcp/index.ts';
import { NameResolver } from '../../../src/net/dns/name-resolver.ts';
import { OverloadGuard } from '../../../src/net/overload/overload-guard.ts';
import { ProcessResources } from '../../../src/net/resources/process-resources.ts';
import { ReadBuffers } from '../../../src/net/transport/memory/read-buffers.ts';
import { TunnelStats } from '../../../src/net/tunnel/tunnel-stats.ts';
import type { ProtocolPlugin } from '../../../src/plugin-api/index.ts';
import { CheckedPlugin } from '../../../src/plugins/checks/checked-plugin.ts';
import { BUILT_IN_ORIGIN } from '../../../src/plugins/checks/imported-plugin.ts';
import type { PluginChange } from '../../../src/plugins/plugin-change.ts';
import type { PluginLoader } from '../../../src/plugins/plugin-loader.ts';
import { PluginSet } from '../../../src/plugins/plugin-set.ts';
import type { CommitReport } from '../../../src/runtime/control/proxy-control.ts';
import { GenerationBuilder } from '../../../src/runtime/generation/generation-builder.ts';
import { OwnSockets } from '../../../src/net/listen/sockets/own-sockets.ts';
import { DescriptorCopier } from '../../../src/net/node/descriptors/descriptor-copier.ts';
import { ListeningSockets } from '../../../src/runtime/reload/listening-sockets.ts';
import type { ReloadOutcome } from '../../../src/runtime/reload/outcome/reload-outcome.ts';
import type { ReloadParticipant } from '../../../src/runtime/reload/reload-participant.ts';
import { ReloadPipeline } from '../../../src/runtime/reload/reload-pipeline.ts';
import { InProcessProxy } from '../../../src/runtime/worker/in-process-proxy.ts';
import { DrainingGenerations } from '../../../src/runtime/generation/draining-generations.ts';
import { ListenerTable } from '../../../src/runtime/listeners/listener-table.ts';
import { LiveView } from '../../../src/runtime/generation/live-view.ts';
import type { Registry } from '../../../src/runtime/upstreams/registry.ts';
import { Telemetry } from '../../../src/telemetry/telemetry.ts';
import { owned } from '../owned.ts';
import { RecordingLogger } from '../recording-logger.ts';
import { fixedNames } from '../addresses/fixed-names.ts';
import { CountingRegistry, type RegistrySizes } from './counting-registry.ts';
import { registryParts } from './registry-parts.ts';

/** One object each, as an instance is kept only while its plugin is the same. */
const BUILT_IN = [tcp, http].map((plugin) => new CheckedPlugin(plugin, BUILT_IN_ORIGIN));

/** The stages of applying an edit that a test can make fail. Default: none fails. */
export interface Faults {
  load?: () => Promise<void>;
  plugins?: () => void;
  /** Before the nth backend, pool or health monitor is taken, counted from 1. */
  registry?: (count: number) => void;
  provision?: ProtocolPlugin['provision'];
  before?: ReloadParticipant;
  after?: ReloadParticipant;
  /** Once everything is ready. */
  differences?: () => void;
  /** Once the swap is done: what it takes until all serve the new generation. */
  swapped?: () => Promise<void>;
  /** How long a protocol may take to get ready. Default: so long that a busy machine is no fault. */
  provisionMs?: number;
  /** How long the whole edit may take; default as above. */
  prepareMs?: number;
}

const PATIENCE_MS = 60_000;
/** Only the test's own edits are to be seen. */
const NO_WATCH = '\nreload: { watch: false }\n';

/** A registry that can fail at each thing that it is asked for. */
class FaultyRegistry extends CountingRegistry {
  fault: ((count: number) => void) | undefined;
  #count = 0;

  begin(): void {
    this.#count = 0;
  }

  override backend(...args: Parameters<Registry['backend']>): ReturnType<Registry['backend']> {
    this.#look();
    return super.backend(...args);
  }

  override pool(...args: Parameters<Registry['pool']>): ReturnType<Registry['pool']> {
    this.#look();
    return super.pool(...args);
  }

  override health(...args: Parameters<Registry['health']>): ReturnType<Registry['health']> {
    this.#look();
    return super.health(...args);
  }

  #look(): void {
    this.#count += 1;
    this.fault?.(this.#count);
  }
}

/** What serves clients, but an edit can be late or fail after its swap. */
class FaultyProxy extends InProcessProxy {
  swapped: (() => Promise<void> | undefined) | undefined;

  override async commit(id: number): Promise<CommitReport> {
    const report = await super.commit(id);
    await this.swapped?.();
    return report;
  }
}

/** The reload pipeline and what it acts on, without files, admin server and telemetry around them. */
export class ApplyLab {
  readonly logger = new RecordingLogger();
  readonly live = new LiveView();
  readonly listeners: ListenerTable;
  readonly draining: DrainingGenerations;
  readonly pipeline: ReloadPipeline;
  faults: Faults = {};
  readonly #names = fixedNames();
  readonly #registry = new FaultyRegistry(registryParts(this.logger, this.#names));
  readonly #resources = new ProcessResources({ shortages: { logger: this.logger } });
  readonly #proxy: FaultyProxy;
  #protocols = new PluginSet();
  #yaml = '';
  /** Why the last edit changed nothing. */
  #error: unknown;

  constructor() {
    const { logger, live } = this;
    const faults = (): Faults => this.faults;
    const buffers = new ReadBuffers();
    const tunnels = new TunnelStats();
    let connections = 0;
    const sockets = new OwnSockets(new DescriptorCopier());
    this.listeners = new ListenerTable({
      buffers,
      logger,
      sockets,
      nextConnectionId: () => (connections += 1),
    });
    this.draining = new DrainingGenerations(this.listeners, logger);
    const builder = new GenerationBuilder({
      proxyId: 'test',
      workers: 1,
      registry: this.#registry,
      names: this.#names,
      buffers,
      logger,
      telemetry: new Telemetry(),
      tunnels,
      health: () => ({ status: 200, body: '' }),
      metricsPage: () => Promise.resolve({ contentType: '', headers: {}, body: Buffer.alloc(0) }),
      get provisionTimeoutMs() {
        return faults().provisionMs ?? PATIENCE_MS;
      },
    });
    const { listeners, draining } = this;
    const plugins = {
      get: ({ name }: { readonly name: string }) => Promise.resolve(this.#protocols.get(name)),
    };
    this.#proxy = new FaultyProxy({
      live,
      builder,
      listeners,
      draining,
      registry: this.#registry,
      tunnels,
      names: new NameResolver({ logger }),
      resources: this.#resources,
      overload: new OverloadGuard(logger),
      lastReadingId: 0,
      plugins,
      logger,
    });
    this.#proxy.swapped = () => this.faults.swapped?.();
    this.pipeline = new ReloadPipeline({
      origin: { configFile: 'lab.yaml', configText: () => this.#yaml },
      plugins: { prepare: () => this.#prepare() } as unknown as PluginLoader,
      logger,
      limits: { openFilesLimit: Infinity },
      observer: { reloaded: (_, error) => (this.#error = error) },
      get prepareLimitMs() {
        return faults().prepareMs ?? PATIENCE_MS;
      },
    });
  }

  /** The number of parts that generations hold now. */
  get held(): RegistrySizes {
    return this.#registry.sizes;
  }

  /** Addresses of all sockets that listen, by the names of listeners. */
  get bound(): Record<string, string> {
    return Object.fromEntries(this.listeners.addresses());
  }

  /** Makes that config live. Rejects with the reason when it is refused. */
  async edit(yaml: string): Promise<ReloadOutcome> {
    this.#yaml = `${yaml}${NO_WATCH}`;
    this.#registry.begin();
    this.#registry.fault = (count) => this.faults.registry?.(count);
    if (this.live.generation === undefined)
      return this.pipeline.start(() => ({
        control: this.#proxy,
        records: { subscribe: () => () => undefined },
        participants: [
          this.#participant('before'),
          new ListeningSockets(this.#proxy.sockets),
          this.#participant('after'),
        ],
      }));
    const restore = { text: this.#yaml };
    const outcome = await this.pipeline.reload({ source: 'rollback', restore });
    if (!outcome.ok) throw this.#error;
    return outcome;
  }

  close(): void {
    this.pipeline.destroy();
    this.#proxy.destroy();
    this.#resources.destroy();
  }

  async #prepare(): Promise<PluginChange> {
    await this.faults.load?.();
    const odd: ProtocolPlugin = {
      apiVersion: 2,
      name: 'odd',
      provision: (config, host) => (this.faults.provision ?? instance)(config, host),
    };
    this.#protocols = new PluginSet([...BUILT_IN, new CheckedPlugin(odd, BUILT_IN_ORIGIN)]);
    return this.#change(this.#protocols);
  }

  #change(protocols: PluginSet): PluginChange {
    const change: Pick<
      PluginChange,
      'names' | 'build' | 'differences' | 'commit' | 'isEmpty' | 'plugins' | 'warnings'
    > = {
      plugins: protocols,
      warnings: [],
      isEmpty: true,
      names: protocols.names,
      build: async (_loaded, build) => {
        this.faults.plugins?.();
        return build(protocols);
      },
      differences: () => {
        this.faults.differences?.();
        return [];
      },
      commit: () => undefined,
    };
    return change as PluginChange;
  }

  #participant(place: 'before' | 'after'): ReloadParticipant {
    return {
      prepare: (...args) =>
        this.faults[place]?.prepare(...args) ??
        Promise.resolve({ commit: () => undefined, unwind: () => undefined }),
    };
  }
}

/** Does nothing, for ever. */
function instance(): ReturnType<ProtocolPlugin['provision']> {
  return {
    protocol: 'odd',
    active: 0,
    handle: () => ({ drain: () => undefined }),
    close: () => Promise.resolve(),
  };
}

/** A lab that is closed at the end of the test. */
export function applyLab(): ApplyLab {
  return owned(new ApplyLab());
}
