import { formatPath } from '../config/problem.ts';
import { BalanceError } from '../errors.ts';
import type { ApiVersion, ProtocolHost, ProtocolInstance, ProtocolPlugin } from '../plugin-api/index.ts';
import { OptionsCheck, type OptionsProblem } from './options-check.ts';

/** A plugin that is provisioned only with options that its `configSchema` allows, the schema's defaults filled in. */
export class CheckedPlugin implements ProtocolPlugin {
  readonly apiVersion: ApiVersion;
  readonly name: string;
  readonly configSchema?: object;
  readonly #plugin: ProtocolPlugin;
  readonly #check: OptionsCheck | undefined;

  /** Throws an Error when the plugin's `configSchema` is no JSON Schema. */
  constructor(plugin: ProtocolPlugin) {
    this.apiVersion = plugin.apiVersion;
    this.name = plugin.name;
    this.#plugin = plugin;
    if (plugin.configSchema === undefined) return;
    this.configSchema = plugin.configSchema;
    this.#check = new OptionsCheck(plugin.configSchema);
  }

  /** What is wrong with a listener's options. */
  problems(options: unknown): readonly OptionsProblem[] {
    return this.#check?.problems(structuredClone(options)) ?? [];
  }

  provision(config: unknown, host: ProtocolHost): ProtocolInstance | Promise<ProtocolInstance> {
    // The config belongs to all who read it, a plugin gets its own.
    const options: unknown = structuredClone(config);
    const problems = this.#check?.problems(options) ?? [];
    if (problems.length === 0) return this.#plugin.provision(options, host);
    const found = problems.map(({ path, message }) => `${formatPath(['options', ...path])} ${message}`);
    throw new BalanceError('config_invalid', `listener ${host.listener}: ${found.join('; ')}`, {
      origin: 'config',
    });
  }
}
