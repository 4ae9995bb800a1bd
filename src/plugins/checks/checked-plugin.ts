import { ConfigSection } from '../../config/diff/config-section.ts';
import { formatPath } from '../../config/problems/problem.ts';
import { messageOf } from '../../errors.ts';
import type {
  ApiVersion,
  OptionsEffect,
  OptionsRules,
  OptionsSection,
  ProtocolHost,
  ProtocolInstance,
  ProtocolPlugin,
} from '../../plugin-api/index.ts';
import { instanceOf, pluginOf } from './plugin-contract.ts';
import { OptionsSchema, type OptionsProblem } from './options-schema.ts';
import { PluginError } from './plugin-error.ts';

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
  /** The plugin's rules; they get the options with the defaults of the schema filled in. */
  readonly optionsRules?: OptionsRules;
  readonly origin: PluginOrigin;
  readonly #plugin: ProtocolPlugin;
  readonly #schema: OptionsSchema | undefined;
  readonly #guard: ProvisionGuard;

  /** Throws an Error when `exported` is no plugin for this proxy, or its `configSchema` no JSON Schema. */
  constructor(exported: unknown, origin: PluginOrigin, guard: ProvisionGuard = (provision) => provision()) {
    const plugin = pluginOf(exported);
    this.apiVersion = plugin.apiVersion;
    this.name = plugin.name;
    this.origin = origin;
    this.#plugin = plugin;
    this.#guard = guard;
    const { configSchema, optionsRules } = plugin;
    if (configSchema !== undefined) {
      this.configSchema = configSchema;
      this.#schema = optionsSchemaOf(configSchema);
    }
    if (optionsRules !== undefined)
      this.optionsRules = origin.builtIn
        ? optionsRules
        : withDefaults(optionsRules, configSchema, (options) => this.#filled(options));
  }

  /** What is wrong with a listener's options. */
  problems(options: unknown): readonly OptionsProblem[] {
    return this.#schema?.problems(structuredClone(options)) ?? [];
  }

  /** What a built-in plugin throws is thrown as it is; whatever goes wrong with a stranger's is a {@link PluginError}. */
  provision(config: unknown, host: ProtocolHost): ProtocolInstance | Promise<ProtocolInstance> {
    if (this.origin.builtIn) return this.#plugin.provision(structuredClone(config), host);
    return this.#provision(config, host);
  }

  /** A copy of options that are in order, with the defaults of the schema. */
  #filled(options: unknown): unknown {
    const copy: unknown = structuredClone(options);
    this.#schema?.problems(copy);
    return copy;
  }

  async #provision(config: unknown, host: ProtocolHost): Promise<ProtocolInstance> {
    try {
      // The config belongs to all who read it, a plugin gets its own.
      const options: unknown = structuredClone(config);
      const wrong = this.#schema?.problems(options) ?? [];
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

function optionsSchemaOf(schema: object): OptionsSchema {
  try {
    return new OptionsSchema(schema);
  } catch (error) {
    throw new Error(`its configSchema can't be used: ${messageOf(error)}`, { cause: error });
  }
}

const NEW_CONNECTIONS: OptionsEffect = { effect: 'hot', note: 'counts for new connections' };

/** Rules that get options with their defaults. */
function withDefaults(
  rules: OptionsRules,
  schema: object | undefined,
  fill: (options: unknown) => unknown,
): OptionsRules {
  const { keyKinds } = rules;
  return {
    ...(keyKinds === undefined ? {} : { keyKinds }),
    ...(rules.check && { check: (options, context) => rules.check?.(fill(options), context) }),
    ...(rules.lint && { lint: (options, context) => rules.lint?.(fill(options), context) }),
    ...(rules.upstreams && {
      upstreams: (options, listener) => rules.upstreams?.(fill(options), listener) ?? [],
    }),
    ...(rules.diff && {
      diff: (before, after, section) => {
        try {
          return [...(rules.diff?.(fill(before), fill(after), described(section, schema)) ?? [])];
        } catch {
          // An edit is not refused because it can't be put into words.
          return section.settings(before as object, after as object, () => NEW_CONNECTIONS);
        }
      },
    }),
  };
}

/** The section with the plugin's schema, by which units are printed. References into it can't be followed. */
function described(section: OptionsSection, schema: object | undefined): OptionsSection {
  if (!(section instanceof ConfigSection) || schema === undefined) return section;
  return JSON.stringify(schema).includes('"$ref"') ? section : section.describedBy(schema);
}
