import { messageOf } from '../../errors.ts';
import type {
  ApiVersion,
  ProtocolHost,
  ProtocolInstance,
  ProtocolPlugin,
  ProtocolProbe,
} from '../../plugin-api/index.ts';
import { instanceOf, pluginOf } from './plugin-contract.ts';
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

/** Calls a plugin's `provision` within limits. */
export type ProvisionGuard = (provision: () => Promise<ProtocolInstance>) => Promise<ProtocolInstance>;

/**
 * A plugin in one state of its files, as a thread that serves clients uses it. The options that it is provisioned with must have been checked
 * before, and have the defaults of its schema.
 */
export class ImportedPlugin implements ProtocolPlugin {
  readonly apiVersion: ApiVersion;
  readonly name: string;
  readonly origin: PluginOrigin;
  readonly probe?: ProtocolProbe;
  protected readonly plugin: ProtocolPlugin;
  readonly #guard: ProvisionGuard;

  /** Throws an Error when `exported` is no plugin for this proxy. */
  constructor(exported: unknown, origin: PluginOrigin, guard: ProvisionGuard = (provision) => provision()) {
    const plugin = pluginOf(exported);
    this.apiVersion = plugin.apiVersion;
    this.name = plugin.name;
    this.origin = origin;
    this.plugin = plugin;
    if (plugin.probe !== undefined) this.probe = (backend) => plugin.probe?.(backend);
    this.#guard = guard;
  }

  /** What a built-in plugin throws is thrown as it is; whatever goes wrong with a stranger's is a {@link PluginError}. */
  provision(config: unknown, host: ProtocolHost): ProtocolInstance | Promise<ProtocolInstance> {
    // The config belongs to all who read it, a plugin gets its own.
    const options: unknown = structuredClone(config);
    return this.origin.builtIn ? this.plugin.provision(options, host) : this.#provision(options, host);
  }

  async #provision(options: unknown, host: ProtocolHost): Promise<ProtocolInstance> {
    try {
      return await this.#guard(async () => instanceOf(await this.plugin.provision(options, host)));
    } catch (error) {
      const reason = `listener ${host.listener}: ${messageOf(error)}`;
      const message = `listener ${host.listener}: plugin ${this.name} failed: ${messageOf(error)}`;
      throw new PluginError(this.name, reason, message, error);
    }
  }
}
