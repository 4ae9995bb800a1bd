import type { LoadedConfig } from '../config/load/loaded-config.ts';
import type { Problem } from '../config/problems/problem.ts';
import { ConfigError } from '../config/load/config-error.ts';
import type { CheckedPlugin } from './checks/checked-plugin.ts';

/** The plugins that a generation is built with. Never changed: a reload builds another one. */
export class PluginSet implements Iterable<CheckedPlugin> {
  readonly #plugins: ReadonlyMap<string, CheckedPlugin>;

  constructor(plugins: Iterable<CheckedPlugin> = []) {
    this.#plugins = new Map([...plugins].map((plugin) => [plugin.name, plugin]));
  }

  /** Names of all protocols there are: what `mode` may say. */
  get names(): readonly string[] {
    return [...this.#plugins.keys()];
  }

  /** The plugins by name, file and content hash. */
  get references(): readonly { readonly name: string; readonly file: string; readonly hash: string }[] {
    return [...this].map(({ name, origin: { file, hash } }) => ({ name, file, hash }));
  }

  get(name: string): CheckedPlugin | undefined {
    return this.#plugins.get(name);
  }

  [Symbol.iterator](): Iterator<CheckedPlugin> {
    return this.#plugins.values();
  }

  /** The same plugins, in the same state of their files. */
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

  /** What is wrong with the options of listeners, by the plugins that refuse them. */
  wrongOptions(loaded: LoadedConfig): ReadonlyMap<CheckedPlugin, readonly Problem[]> {
    const wrong = new Map<CheckedPlugin, Problem[]>();
    for (const [index, { mode, options }] of loaded.config.listeners.entries()) {
      const plugin = this.#plugins.get(mode);
      // What built-in protocols take is in the config's own schema.
      if (plugin === undefined || plugin.origin.builtIn) continue;
      const found = plugin
        .problems(options ?? {})
        .map(({ path, message }) => loaded.problem(['listeners', index, 'options', ...path], message));
      if (found.length > 0) wrong.set(plugin, [...(wrong.get(plugin) ?? []), ...found]);
    }
    return wrong;
  }

  /** Throws a ConfigError when a listener has options that its plugin does not take. */
  check(loaded: LoadedConfig): void {
    const problems = [...this.wrongOptions(loaded).values()].flat();
    if (problems.length > 0) throw new ConfigError(problems);
  }
}
