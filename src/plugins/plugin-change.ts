import type { ChangeKind, ConfigChange } from '../config/diff/config-change.ts';
import { ConfigError } from '../config/load/config-error.ts';
import type { LoadedConfig } from '../config/load/loaded-config.ts';
import type { Listener } from '../config/schema/config.generated.ts';
import { formatProblem, type Problem } from '../config/problems/problem.ts';
import type { CheckedPlugin } from './checks/checked-plugin.ts';
import { filterUses, usedFilters } from './checks/filter-uses.ts';
import { PluginError } from './checks/plugin-error.ts';
import type { PluginSet } from './plugin-set.ts';

export interface PluginChangeOptions {
  /** The plugins of the live generation. */
  readonly live: PluginSet;
  /** The plugins that are in the folders now. One that can't be loaded is in its live state. */
  readonly wanted: PluginSet;
  /** True when a change of plugins is the only reason for the reload: falling back to the live plugins is then a failure. */
  readonly mustChange: boolean;
  /** Whether a plugin failed before under these circumstances. */
  readonly failedBefore: (plugin: CheckedPlugin, circumstances: string) => boolean;
  /** Called for each plugin that is refused, so that its live state stays in use. */
  readonly refused: (plugin: CheckedPlugin, reason: string, circumstances: string) => void;
  /** @param used the protocols that listeners speak and backends are checked by */
  readonly committed: (plugins: PluginSet, used: ReadonlySet<string>) => void;
}

/**
 * The plugins for one reload. When a new state of a plugin fails, the reload goes on with its live state, as if the file had not been
 * edited.
 */
export class PluginChange {
  readonly #options: PluginChangeOptions;
  #plugins: PluginSet;
  #warnings: readonly Problem[] = [];

  constructor(options: PluginChangeOptions) {
    this.#options = options;
    this.#plugins = options.wanted;
  }

  /** The names of all protocols, whichever state of them will be used. */
  get names(): readonly string[] {
    return this.#plugins.names;
  }

  /** The plugins that the config is built with; final once {@link build} resolved. */
  get plugins(): PluginSet {
    return this.#plugins;
  }

  /** What plugins warn of about the options of their listeners; final once {@link build} resolved. */
  get warnings(): readonly Problem[] {
    return this.#warnings;
  }

  /** True when these are the plugins that are live. */
  get isEmpty(): boolean {
    return this.#plugins.equals(this.#options.live);
  }

  /**
   * Checks the options of the config's listeners, and builds with all new plugins that work. Rejects when the build fails with the live
   * plugins too, or when a plugin fails that has no live state.
   */
  async build<T>(loaded: LoadedConfig, build: (plugins: PluginSet) => Promise<T>): Promise<T> {
    const { live, failedBefore } = this.#options;
    for (const plugin of this.#plugins) {
      const before = live.get(plugin.name);
      if (
        before !== undefined &&
        before !== plugin &&
        failedBefore(plugin, this.#circumstances(plugin, loaded))
      )
        this.#plugins = this.#plugins.with(before);
    }
    for (;;) {
      const error = await this.#attempt(loaded, build);
      if (!(error instanceof Failure)) return error;
      const { cause, reasons } = error;
      for (const [plugin, reason] of reasons) this.#fallBack(plugin, reason, loaded, cause);
      if (this.#options.mustChange && this.isEmpty) throw cause;
    }
  }

  /** How the plugins change when {@link plugins} goes live, in the form of a comparison of configs. */
  differences(): readonly ConfigChange[] {
    const { live } = this.#options;
    const now = [...this.#plugins].filter(({ origin }) => !origin.builtIn);
    const changed = now.filter((plugin) => live.get(plugin.name) !== plugin);
    const removed = [...live].filter(({ name }) => this.#plugins.get(name) === undefined);
    return [
      ...changed.map((plugin) =>
        difference(plugin, live.get(plugin.name) === undefined ? 'added' : 'changed'),
      ),
      ...removed.map((plugin) => difference(plugin, 'removed')),
    ];
  }

  /** Called when the config is live with {@link plugins}. */
  commit({ config }: LoadedConfig): void {
    const modes = config.listeners.map(({ mode }) => mode);
    const checks = config.upstreams.map(({ health_check: check }) => check?.type ?? '');
    const filters = usedFilters(config, this.#plugins.rulesOf);
    this.#options.committed(this.#plugins, new Set([...modes, ...checks, ...filters]));
  }

  /** Everything that a plugin can see of a config, as text: a plugin that failed may work when this changes. */
  #circumstances({ name, filter }: CheckedPlugin, { config }: LoadedConfig): string {
    const { rulesOf } = this.#plugins;
    const sees = (listener: Listener): boolean =>
      filter === undefined
        ? listener.mode === name
        : filterUses(listener, rulesOf).some(({ given }) => given.use === name);
    return JSON.stringify([config.listeners.filter(sees), config.upstreams]);
  }

  async #attempt<T>(loaded: LoadedConfig, build: (plugins: PluginSet) => Promise<T>): Promise<T | Failure> {
    const { wrong, warnings } = this.#plugins.findings(loaded);
    this.#warnings = warnings;
    if (wrong.size > 0) {
      const reasons = new Map(
        [...wrong].map(([plugin, problems]) => [plugin, problems.map(formatProblem).join('; ')]),
      );
      return new Failure(new ConfigError([...wrong.values()].flat()), reasons);
    }
    try {
      return await build(this.#plugins);
    } catch (error) {
      const plugin = error instanceof PluginError ? this.#plugins.get(error.plugin) : undefined;
      if (!(error instanceof PluginError) || plugin === undefined) throw error;
      return new Failure(error, new Map([[plugin, error.reason]]));
    }
  }

  #fallBack(plugin: CheckedPlugin, reason: string, loaded: LoadedConfig, cause: Error): void {
    const before = this.#options.live.get(plugin.name);
    if (before === undefined || before === plugin) throw cause;
    this.#options.refused(plugin, reason, this.#circumstances(plugin, loaded));
    this.#plugins = this.#plugins.with(before);
  }
}

/** A failed attempt to build, with the plugins that caused it. */
class Failure {
  readonly cause: Error;
  readonly reasons: ReadonlyMap<CheckedPlugin, string>;

  constructor(cause: Error, reasons: ReadonlyMap<CheckedPlugin, string>) {
    this.cause = cause;
    this.reasons = reasons;
  }
}

function difference({ name, filter }: CheckedPlugin, kind: ChangeKind): ConfigChange {
  const summary = `plugin ${name} ${kind === 'changed' ? 'replaced' : kind}`;
  const what = filter === undefined ? 'connection' : 'request';
  const note = `new ${what}s use the new one; ${what === 'request' ? 'requests that run' : 'open connections'} keep the one that they began with`;
  return { path: `plugins[${name}]`, kind, effect: 'hot', summary, ...(kind === 'changed' ? { note } : {}) };
}
