import { optionsKey, optionsOf, type RulesOf } from '../../config/options/listener-options.ts';
import type { Config, Listener } from '../../config/schema/config.generated.ts';
import type { OptionsPath, PluginUse } from '../../plugin-api/index.ts';
import type { CheckedPlugin } from './checked-plugin.ts';

/** Where the plugins are found that fill in options. */
interface FilledPlugins {
  get(name: string): CheckedPlugin | undefined;
  readonly rulesOf: RulesOf;
}

/** The filters that the options of a listener use, as the rules of its protocol say. */
export function filterUses(listener: Listener, rulesOf: RulesOf): readonly PluginUse[] {
  const uses = rulesOf(listener.mode)?.plugins?.(optionsOf(listener));
  return uses === undefined ? [] : [...uses];
}

/** The options of a use: all of its keys but the name. */
export function usedOptions({ given: { use: _, ...options } }: PluginUse): object {
  return options;
}

/** The names of all filters that a config uses. */
export function usedFilters({ listeners }: Config, rulesOf: RulesOf): ReadonlySet<string> {
  return new Set(listeners.flatMap((each) => filterUses(each, rulesOf).map(({ given }) => given.use)));
}

/** The config with the defaults of their schemas in the options of filters. */
export function withFilledFilters(config: Config, plugins: FilledPlugins): Config {
  if (usedFilters(config, plugins.rulesOf).size === 0) return config;
  return { ...config, listeners: config.listeners.map((listener) => filledListener(listener, plugins)) };
}

function filledListener(listener: Listener, plugins: FilledPlugins): Listener {
  const uses = filterUses(listener, plugins.rulesOf);
  if (uses.length === 0) return listener;
  const options = structuredClone(optionsOf(listener));
  for (const use of uses) {
    const filled = plugins.get(use.given.use)?.filled(usedOptions(use));
    if (filled !== undefined) Object.assign(valueAt(options, use.place), filled);
  }
  return { ...listener, [optionsKey(listener.mode)]: options };
}

function valueAt(options: unknown, path: OptionsPath): object {
  let value = options;
  for (const key of path) value = (value as Readonly<Record<string | number, unknown>>)[key];
  return value as object;
}
