import { formatPath } from '../../config/problems/problem.ts';
import { messageOf } from '../../errors.ts';
import type { ApiVersion, ProtocolHost, ProtocolInstance, ProtocolPlugin } from '../../plugin-api/index.ts';
import { instanceOf, pluginOf } from './plugin-contract.ts';
import { OptionsCheck, type OptionsProblem } from './options-check.ts';
import { PluginError } from '../plugin-error.ts';

/** Where a plugin came from. */
export interface PluginOrigin {
  /** The module; '' for one that comes with the proxy. */
  readonly file: string;
  /** Hash of everything that it consists of; '' for one that comes with the proxy. */
  readonly hash: string;
  readonly builtIn: boolean;
}

/** Calls a plugin's `provision` within limits. */
export type ProvisionGuard = (provision: () => Promise<ProtocolInstance>) => Promise<ProtocolInstance>;

/**
 * A plugin in one state of its files, provisioned only with options that its `configSchema` allows, the schema's defaults
 * filled in.
 */
export class CheckedPlugin implements ProtocolPlugin {
  readonly apiVersion: ApiVersion;
  readonly name: string;
  readonly configSchema?: object;
  readonly origin: PluginOrigin;
  readonly #plugin: ProtocolPlugin;
  readonly #check: OptionsCheck | undefined;
  readonly #guard: ProvisionGuard;

  /** Throws an Error when `exported` is no plugin for this proxy, or its `configSchema` no JSON Schema. */
  constructor(exported: unknown, origin: PluginOrigin, guard: ProvisionGuard = (provision) => provision()) {
    const plugin = pluginOf(exported);
    this.apiVersion = plugin.apiVersion;
    this.name = plugin.name;
    this.origin = origin;
    this.#plugin = plugin;
    this.#guard = guard;
    if (plugin.configSchema === undefined) return;
    this.configSchema = plugin.configSchema;
    try {
      this.#check = new OptionsCheck(plugin.configSchema);
    } catch (error) {
      throw new Error(`its configSchema can't be used: ${messageOf(error)}`, { cause: error });
    }
  }

  /** What is wrong with a listener's options. */
  problems(options: unknown): readonly OptionsProblem[] {
    return this.#check?.problems(structuredClone(options)) ?? [];
  }

  /** What a built-in plugin throws is thrown as it is; whatever goes wrong with a stranger's is a {@link PluginError}. */
  provision(config: unknown, host: ProtocolHost): ProtocolInstance | Promise<ProtocolInstance> {
    if (this.origin.builtIn) return this.#plugin.provision(structuredClone(config), host);
    return this.#provision(config, host);
  }

  async #provision(config: unknown, host: ProtocolHost): Promise<ProtocolInstance> {
    try {
      // The config belongs to all who read it, a plugin gets its own.
      const options: unknown = structuredClone(config);
      const wrong = this.#check?.problems(options) ?? [];
      if (wrong.length > 0)
        throw new Error(
          wrong.map(({ path, message }) => `${formatPath(['options', ...path])} ${message}`).join('; '),
        );
      return await this.#guard(async () => instanceOf(await this.#plugin.provision(options, host)));
    } catch (error) {
      const reason = `listener ${host.listener}: ${messageOf(error)}`;
      throw new PluginError(
        this.name,
        reason,
        `listener ${host.listener}: plugin ${this.name} failed: ${messageOf(error)}`,
        error,
      );
    }
  }
}
