import { messageOf } from '../../errors.ts';
import type {
  ApiVersion,
  FilterHooks,
  FilterHost,
  HttpFilterPlugin,
  ProtocolHost,
  ProtocolInstance,
  ProtocolPlugin,
  ProtocolProbe,
} from '../../plugin-api/index.ts';
import { withTimeout } from '../../time/with-timeout.ts';
import { filterOf, instanceOf, pluginOf } from './plugin-contract.ts';
import { PluginError } from './plugin-error.ts';

/** Where a plugin came from. */
export interface PluginOrigin {
  /** The module; '' for one that comes with the proxy. */
  readonly file: string;
  /** The plugin's own folder; undefined for one that is a single file, or comes with the proxy. */
  readonly folder: string | undefined;
  /** Hash of everything that it consists of; '' for one that comes with the proxy. */
  readonly hash: string;
  readonly builtIn: boolean;
}

/** The origin of the plugins that come with the proxy. */
export const BUILT_IN_ORIGIN: PluginOrigin = { file: '', folder: undefined, hash: '', builtIn: true };

/** What `provision` of a plugin gives: it is closed when it comes too late. */
export interface Closable {
  close?(): void | Promise<void>;
}

/** Calls a plugin's `provision` within limits. */
export type ProvisionGuard = <T extends Closable>(provision: () => Promise<T>) => Promise<T>;

/** How long a filter that comes with the proxy may take to get ready, for example to fetch keys. */
const BUILT_IN_LIMIT_MS = 60_000;

/**
 * A plugin in one state of its files, as a thread that serves clients uses it: a protocol or a filter. The options that it is provisioned
 * with must have been checked before, and have the defaults of its schema.
 */
export class ImportedPlugin implements ProtocolPlugin {
  readonly apiVersion: ApiVersion;
  readonly name: string;
  readonly origin: PluginOrigin;
  readonly probe?: ProtocolProbe;
  /** The filter that the plugin is; undefined for a protocol. */
  readonly filter: HttpFilterPlugin | undefined;
  protected readonly plugin: ProtocolPlugin | HttpFilterPlugin;
  readonly #guard: ProvisionGuard;

  /** Throws an Error when `exported` is no plugin for this proxy. */
  constructor(exported: unknown, origin: PluginOrigin, guard: ProvisionGuard = (provision) => provision()) {
    const plugin = pluginOf(exported);
    this.apiVersion = plugin.apiVersion;
    this.name = plugin.name;
    this.origin = origin;
    this.plugin = plugin;
    if (!isFilter(plugin) && plugin.probe !== undefined) this.probe = (backend) => plugin.probe?.(backend);
    this.#guard = guard;
    this.filter = isFilter(plugin)
      ? {
          apiVersion: plugin.apiVersion,
          kind: 'http-filter',
          name: plugin.name,
          provision: (options, host) => this.#provisionFilter(plugin, options, host),
        }
      : undefined;
  }

  /** What a built-in plugin throws is thrown as it is; whatever goes wrong with a stranger's is a {@link PluginError}. */
  provision(config: unknown, host: ProtocolHost): ProtocolInstance | Promise<ProtocolInstance> {
    const { plugin } = this;
    if (isFilter(plugin)) throw new Error(`${plugin.name} is a filter, not a protocol`);
    // The config belongs to all who read it, a plugin gets its own.
    const options: unknown = structuredClone(config);
    return this.origin.builtIn ? plugin.provision(options, host) : this.#provision(plugin, options, host);
  }

  async #provision(plugin: ProtocolPlugin, options: unknown, host: ProtocolHost): Promise<ProtocolInstance> {
    try {
      return await this.#guard(async () => instanceOf(await plugin.provision(options, host)));
    } catch (error) {
      throw this.#failed(`listener ${host.listener}`, error);
    }
  }

  async #provisionFilter(plugin: HttpFilterPlugin, options: unknown, host: FilterHost): Promise<FilterHooks> {
    const provision = async (): Promise<FilterHooks> =>
      filterOf(await plugin.provision(structuredClone(options), host));
    try {
      if (!this.origin.builtIn) return await this.#guard(provision);
      return await withTimeout(provision(), { limitMs: BUILT_IN_LIMIT_MS });
    } catch (error) {
      const route = host.route === undefined ? '' : `, route ${host.route}`;
      throw this.#failed(`listener ${host.listener}${route}, filters[${String(host.index)}]`, error);
    }
  }

  #failed(where: string, error: unknown): PluginError {
    const message = messageOf(error);
    const whole = `${where}: plugin ${this.name} failed: ${message}`;
    return new PluginError(this.name, `${where}: ${message}`, whole, error);
  }
}

function isFilter(plugin: ProtocolPlugin | HttpFilterPlugin): plugin is HttpFilterPlugin {
  return plugin.kind === 'http-filter';
}
