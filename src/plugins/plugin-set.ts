import { ConfigError } from '../config/load/config-error.ts';
import { withWarnings, type LoadedConfig } from '../config/load/loaded-config.ts';
import { optionsOf } from '../config/options/listener-options.ts';
import type { Config, Listener } from '../config/schema/config.generated.ts';
import type { OptionsRules } from '../plugin-api/index.ts';
import type { CheckedPlugin } from './checks/checked-plugin.ts';
import { usedFilters, withFilledFilters } from './checks/filter-uses.ts';
import { checkPluginOptions, type OptionsFindings } from './checks/plugin-options.ts';
import type { PluginReference } from './plugin-reference.ts';

/** The plugins that a generation is built with. Immutable: a reload makes another set. */
export class PluginSet implements Iterable<CheckedPlugin> {
  readonly #plugins: ReadonlyMap<string, CheckedPlugin>;

  constructor(plugins: Iterable<CheckedPlugin> = []) {
    this.#plugins = new Map([...plugins].map((plugin) => [plugin.name, plugin]));
  }

  /** The names of all protocols, which `mode` may have. */
  get names(): readonly string[] {
    return [...this].filter(({ filter }) => filter === undefined).map(({ name }) => name);
  }

  /** The names of all filters, which `use` may have. */
  get filterNames(): readonly string[] {
    return [...this].filter(({ filter }) => filter !== undefined).map(({ name }) => name);
  }

  /** By these other threads load the plugins that a config needs: all protocols, and the filters that it uses. */
  referencesFor(config: Config): readonly PluginReference[] {
    const used = usedFilters(config, this.rulesOf);
    return [...this]
      .filter(({ name, filter }) => filter === undefined || used.has(name))
      .map(({ name, filter, origin: { file, folder, hash } }) => ({
        name,
        kind: filter === undefined ? 'protocol' : 'http-filter',
        file,
        folder,
        hash,
      }));
  }

  get(name: string): CheckedPlugin | undefined {
    return this.#plugins.get(name);
  }

  [Symbol.iterator](): Iterator<CheckedPlugin> {
    return this.#plugins.values();
  }

  /** Whether both sets have the same plugins in the same state of their files. */
  equals(other: PluginSet): boolean {
    if (this.#plugins.size !== other.#plugins.size) return false;
    return [...this].every((plugin) => other.get(plugin.name) === plugin);
  }

  /** This set with one plugin in another state. */
  with(plugin: CheckedPlugin): PluginSet {
    return new PluginSet([...this, plugin]);
  }

  /** This set without the plugins of these names. */
  without(names: ReadonlySet<string>): PluginSet {
    return new PluginSet([...this].filter(({ name }) => !names.has(name)));
  }

  /** The rules about options of the protocol that a `mode` names. */
  readonly rulesOf = (mode: string): OptionsRules | undefined => this.#plugins.get(mode)?.optionsRules;

  /** The config with the defaults of their schemas in the options of strangers' protocols and of all filters. Those options must be in order. */
  filled(config: Config): Config {
    const isFilled = ({ mode }: Listener): boolean => this.get(mode)?.fillsOptions === true;
    if (!config.listeners.some(isFilled)) return withFilledFilters(config, this);
    const listeners = config.listeners.map((listener) => {
      const options = this.get(listener.mode)?.filled(optionsOf(listener));
      return isFilled(listener)
        ? { ...listener, options: options as NonNullable<Listener['options']> }
        : listener;
    });
    return withFilledFilters({ ...config, listeners }, this);
  }

  /** What plugins find wrong with the options of their listeners, or warn about. */
  findings(loaded: LoadedConfig): OptionsFindings {
    return checkPluginOptions(loaded, this);
  }

  /** The config with the warnings of its plugins added. Throws a ConfigError when a plugin refuses the options of a listener. */
  check(loaded: LoadedConfig): LoadedConfig {
    const { wrong, warnings } = this.findings(loaded);
    const problems = [...wrong.values()].flat();
    if (problems.length > 0) throw new ConfigError(problems);
    return withWarnings(loaded, warnings);
  }
}
