import { ConfigSection } from '../../config/diff/config-section.ts';
import { messageOf } from '../../errors.ts';
import type {
  FilterOptionsRules,
  OptionsEffect,
  OptionsRules,
  OptionsSection,
} from '../../plugin-api/index.ts';
import { ImportedPlugin, type PluginOrigin, type ProvisionGuard } from './imported-plugin.ts';
import { OptionsSchema, type OptionsProblem } from './options-schema.ts';

/** A plugin with what the supervisor needs of it: its schema and its rules about the options of listeners. */
export class CheckedPlugin extends ImportedPlugin {
  readonly configSchema?: object;
  /** The plugin's rules; they get the options with the defaults of the schema filled in. */
  readonly optionsRules?: OptionsRules;
  /** The rules of a filter, for options with the defaults of the schema. */
  readonly filterRules?: FilterOptionsRules;
  /** Of a built-in plugin it is made when it is first needed. */
  #schema: OptionsSchema | undefined;

  /** Throws an Error when `exported` is no plugin for this proxy, or its `configSchema` no JSON Schema. */
  constructor(exported: unknown, origin: PluginOrigin, guard?: ProvisionGuard) {
    super(exported, origin, guard);
    const { configSchema } = this.plugin;
    if (configSchema !== undefined) {
      this.configSchema = configSchema;
      // A fault in a stranger's schema shows at once.
      if (!origin.builtIn) this.#schema = optionsSchemaOf(configSchema);
    }
    if (this.plugin.kind === 'http-filter') {
      if (this.plugin.optionsRules !== undefined) this.filterRules = this.plugin.optionsRules;
      return;
    }
    const { optionsRules } = this.plugin;
    if (optionsRules !== undefined)
      this.optionsRules = origin.builtIn
        ? optionsRules
        : withDefaults(optionsRules, configSchema, (options) => this.filled(options));
  }

  /** What is wrong with a listener's options. */
  problems(options: unknown): readonly OptionsProblem[] {
    return this.#optionsSchema?.problems(structuredClone(options)) ?? [];
  }

  /** Whether {@link filled} may give other options than it gets. The options of built-in protocols are filled in when the config is loaded. */
  get fillsOptions(): boolean {
    return this.configSchema !== undefined && (this.filter !== undefined || !this.origin.builtIn);
  }

  /** A copy of options that are in order, with the defaults of the schema. */
  filled(options: unknown): unknown {
    const copy: unknown = structuredClone(options);
    this.#optionsSchema?.problems(copy);
    return copy;
  }

  get #optionsSchema(): OptionsSchema | undefined {
    const { configSchema } = this;
    if (configSchema !== undefined) this.#schema ??= new OptionsSchema(configSchema, true);
    return this.#schema;
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
