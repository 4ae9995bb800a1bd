import { join, sep } from 'node:path';

import type { PluginSettings } from '../config/load/plugin-settings.ts';
import type { Environment } from '../config/document/substitute-env.ts';
import { errorFrom, messageOf } from '../errors.ts';
import type { Logger, ProtocolProbe } from '../plugin-api/index.ts';
import { CheckedPlugin } from './checks/checked-plugin.ts';
import { BUILT_IN_ORIGIN } from './checks/imported-plugin.ts';
import { BUILT_IN, BUILT_IN_FILTERS, builtInUrl, packageDirectory } from './source/own-plugins.ts';
import { PluginChange } from './plugin-change.ts';
import { fingerprintOf, PluginContents, type FoundPlugin } from './source/plugin-contents.ts';
import { PluginError } from './checks/plugin-error.ts';
import { PluginImporter } from './import/plugin-importer.ts';
import { tryPlugin } from './import/plugin-trial.ts';
import type { PluginReference, ReferredPlugins } from './plugin-reference.ts';
import { PluginSet } from './plugin-set.ts';
import type { IgnoredPath } from './source/plugin-source.ts';
import { OWN_PROCESS, type ProcessGuards } from './import/guarded-call.ts';

/** A file in the plugin folders that is not in use, and why. */
export interface PluginFailure {
  readonly file: string;
  readonly reason: string;
}

/** What a reload asks of the loader. */
export interface PluginRequest {
  readonly settings: PluginSettings;
  /** Whether to try again what failed before and was not edited since. Default: false. */
  readonly retry?: boolean;
  /** Whether a change of plugins is the only reason for the reload. Default: false. */
  readonly mustChange?: boolean;
}

/** The result of loading one state of a plugin. */
interface Attempt {
  readonly hash: string;
  readonly plugin: CheckedPlugin | undefined;
  readonly fault: string;
  /** The circumstances under which it could not be used, and why. */
  refusal: { readonly circumstances: string; readonly reason: string } | undefined;
}

/**
 * Finds plugins in folders, imports and checks them, and keeps the set that is live. A plugin is a file, or a folder with an
 * `index` file; its default export is a protocol plugin. What can't be loaded changes nothing: its reason is logged and kept
 * in {@link failures}, and the state that was loaded before stays.
 */
export class PluginLoader implements ReferredPlugins {
  readonly #logger: Logger;
  readonly #importer: PluginImporter<CheckedPlugin>;
  readonly #contents = new PluginContents();
  #builtIn: readonly CheckedPlugin[] | undefined;
  #live = new PluginSet();
  /** Protocols that live listeners speak, and filters that they use. */
  #modes: ReadonlySet<string> = new Set();
  /** By file. */
  #attempts = new Map<string, Attempt>();
  #failures = new Map<string, string>();
  /** Files of plugins that live listeners use and that do not exist any more. */
  #missing = new Map<string, string>();
  /** Paths in the folders that are ignored, with the reasons. */
  #ignored: readonly IgnoredPath[] = [];
  /** The last reason that was logged for each file, so that it is logged once. */
  #logged = new Map<string, string>();
  readonly #seen = new Map<string, string>();
  #settings: PluginSettings = { directory: undefined, timeoutMs: 10_000 };

  constructor(logger: Logger, guards: ProcessGuards = OWN_PROCESS) {
    this.#logger = logger;
    this.#importer = new PluginImporter(
      guards,
      (exported, origin, guard) => new CheckedPlugin(exported, origin, guard),
      tryPlugin,
    );
  }

  /** The plugins of the live generation. */
  get live(): PluginSet {
    return this.#live;
  }

  /** The files in the plugin folders that are not in use, and why, as of the last look at them. */
  get failures(): readonly PluginFailure[] {
    return [...this.#failures, ...this.#missing].map(([file, reason]) => ({ file, reason }));
  }

  /** Paths in the plugin folders that are no plugins although they may look like one, as of the last look at them. */
  get ignored(): readonly PluginFailure[] {
    return this.#ignored.map(({ path, reason }) => ({ file: path, reason }));
  }

  /** The plugin whose code an error comes from, in any state of its files; undefined when the error comes from no plugin. */
  authorOf(error: unknown): string | undefined {
    const { stack = '' } = errorFrom(error);
    return [...this.#live].find(
      ({ origin }) => !origin.builtIn && this.#importer.isBehind(origin.file, stack),
    )?.name;
  }

  /** The probe of the live plugin of that name; of one that is about to go live where there is no live one. */
  probeOf(name: string): ProtocolProbe | undefined {
    const plugin =
      this.#live.get(name) ??
      [...this.#attempts.values()].find((attempt) => attempt.plugin?.name === name)?.plugin;
    return plugin?.probe;
  }

  /** The plugin with that state of its files; undefined when that state is not loaded. */
  get(reference: PluginReference): Promise<CheckedPlugin | undefined> {
    return Promise.resolve(this.#find(reference));
  }

  /** The fingerprint of these folders when they were last read; '' when they never were. */
  seenIn(directories: readonly string[]): string {
    return this.#seen.get(directories.join('\n')) ?? '';
  }

  /** How many states of plugins this process keeps in memory, because a module can't be unloaded. */
  get importedStates(): number {
    return this.#importer.importedStates;
  }

  /**
   * Loads all plugins that a config file can use: the built-in ones, those in the package's `plugins` folder, and those in the config's
   * `plugins.directory`. For commands that run once.
   */
  async loadFor(configFile: string, env: Environment = {}): Promise<PluginSet> {
    // Imported here, because a running proxy never needs it.
    const { readPluginSettings } = await import('../config/load/read-plugin-settings.ts');
    // While the file can't be read, the last known settings count.
    this.#settings = (await readPluginSettings(configFile, env)) ?? this.#settings;
    return (await this.prepare({ settings: this.#settings })).plugins;
  }

  /**
   * Loads the new plugins of the folders beside the live ones. Rejects when a built-in plugin is broken, which is a bug of the proxy, and
   * when a change of plugins was required but every new one failed.
   */
  async prepare(request: PluginRequest): Promise<PluginChange> {
    this.#builtIn ??= await Promise.all([...BUILT_IN, ...BUILT_IN_FILTERS].map(importBuiltIn));
    const directories = pluginDirectories(request.settings);
    const found = await this.#contents.read(directories);
    this.#seen.set(directories.join('\n'), fingerprintOf(found));
    const failedBefore = this.#failures;
    this.#failures = new Map();
    this.#missing = new Map();
    if (request.retry === true) this.#logged.clear();
    this.#ignored = found.ignored;
    this.#attempts = await this.#attemptAll(found.plugins, request);
    const wanted = this.#select(this.#builtIn);
    this.#logFailures();
    const mustChange = request.mustChange ?? false;
    if (mustChange && wanted.equals(this.#live)) this.#throwNew(failedBefore);
    return new PluginChange({
      live: this.#live,
      wanted,
      mustChange,
      failedBefore: (plugin, circumstances) =>
        this.#failedBefore(plugin, circumstances, request.retry ?? false),
      refused: (plugin, reason, circumstances) => {
        this.#refuse(plugin, reason, circumstances);
      },
      committed: (plugins, modes) => {
        this.#commit(plugins, modes);
      },
    });
  }

  /** Undoes its changes to the process. Loaded plugins stay usable. */
  close(): void {
    this.#importer.close();
  }

  #find({ name, file, hash }: PluginReference): CheckedPlugin | undefined {
    const live = this.#live.get(name);
    if (live?.origin.file === file && live.origin.hash === hash) return live;
    if (file === '') return this.#builtIn?.find((plugin) => plugin.name === name);
    const attempt = this.#attempts.get(file);
    return attempt?.hash === hash ? attempt.plugin : undefined;
  }

  async #attemptAll(found: readonly FoundPlugin[], request: PluginRequest): Promise<Map<string, Attempt>> {
    const attempts = new Map<string, Attempt>();
    for (const plugin of found) {
      const known = this.#attempts.get(plugin.file);
      const isKnown = known?.hash === plugin.hash && (known.plugin !== undefined || request.retry !== true);
      attempts.set(plugin.file, isKnown ? known : await this.#attempt(plugin, request.settings.timeoutMs));
    }
    return attempts;
  }

  async #attempt(found: FoundPlugin, limitMs: number): Promise<Attempt> {
    const { file, hash } = found;
    const live = [...this.#live].find(({ origin }) => origin.file === file && origin.hash === hash);
    if (live !== undefined) return { hash, plugin: live, fault: '', refusal: undefined };
    try {
      const plugin = await this.#importer.import(found, limitMs, (state) => this.#contents.isStill(state));
      return { hash, plugin, fault: '', refusal: undefined };
    } catch (error) {
      return { hash, plugin: undefined, fault: messageOf(error), refusal: undefined };
    }
  }

  /** The plugins that can be used: those that could be loaded, and the live states of the others. */
  #select(builtIn: readonly CheckedPlugin[]): PluginSet {
    const chosen = new Map(builtIn.map((plugin) => [plugin.name, plugin]));
    for (const [file, { plugin, fault }] of this.#inOrder()) {
      const holder = plugin === undefined ? undefined : chosen.get(plugin.name);
      if (plugin === undefined) this.#failures.set(file, fault);
      else if (holder === undefined) chosen.set(plugin.name, plugin);
      else this.#failures.set(file, taken(holder));
    }
    for (const plugin of this.#live) {
      if (chosen.has(plugin.name)) continue;
      const { file } = plugin.origin;
      const now = this.#attempts.get(file);
      if (now?.plugin === undefined && now !== undefined) chosen.set(plugin.name, plugin);
      else if (this.#modes.has(plugin.name)) {
        chosen.set(plugin.name, plugin);
        const gone = now === undefined ? 'it is gone' : `it holds ${now.plugin?.name ?? ''} now`;
        const users =
          plugin.filter === undefined ? `in mode ${plugin.name}` : `with the filter ${plugin.name}`;
        const stays = `listeners ${users} keep what was loaded from it until they are edited away or the proxy restarts`;
        this.#missing.set(file, `${gone}; ${stays}`);
      }
    }
    return new PluginSet(chosen.values());
  }

  /** All attempts; a file whose plugin is live comes first and so keeps its name, then the first file wins. */
  #inOrder(): [string, Attempt][] {
    const holds = ([file, { plugin }]: [string, Attempt]): boolean =>
      plugin !== undefined && this.#live.get(plugin.name)?.origin.file === file;
    const all = [...this.#attempts];
    return [...all.filter(holds), ...all.filter((attempt) => !holds(attempt))];
  }

  #failedBefore({ origin }: CheckedPlugin, circumstances: string, retry: boolean): boolean {
    const refusal = this.#attempts.get(origin.file)?.refusal;
    if (retry || refusal?.circumstances !== circumstances) return false;
    this.#failures.set(origin.file, refusal.reason);
    return true;
  }

  #refuse({ origin }: CheckedPlugin, reason: string, circumstances: string): void {
    const attempt = this.#attempts.get(origin.file);
    if (attempt !== undefined) attempt.refusal = { circumstances, reason };
    this.#failures.set(origin.file, reason);
    this.#logFailures();
  }

  #commit(plugins: PluginSet, modes: ReadonlySet<string>): void {
    const before = this.#live;
    const unused = [...plugins].filter(
      ({ name, origin }) =>
        !origin.builtIn && !modes.has(name) && this.#attempts.get(origin.file)?.plugin?.name !== name,
    );
    this.#live = plugins.without(new Set(unused.map(({ name }) => name)));

    this.#modes = modes;
    for (const plugin of this.#live) {
      const { name, origin } = plugin;
      if (origin.builtIn || before.get(name) === plugin) continue;
      this.#logger.info(before.get(name) === undefined ? 'plugin loaded' : 'plugin replaced', {
        plugin: name,
        file: origin.file,
      });
    }
    for (const { name, origin } of before) {
      if (this.#live.get(name) === undefined)
        this.#logger.info('plugin removed', { plugin: name, file: origin.file });
    }
  }

  /** Logs each failure that was not logged before. */
  #logFailures(): void {
    const logged = new Map<string, string>();
    for (const { file, reason } of this.failures) {
      logged.set(file, reason);
      if (this.#logged.get(file) === reason) continue;
      if (this.#missing.has(file)) this.#logger.warn('plugin file missing', { file, error: reason });
      else this.#logger.error('plugin refused', { file, error: reason });
    }
    for (const { file, reason } of this.ignored) {
      logged.set(file, reason);
      if (this.#logged.get(file) !== reason) this.#logger.warn('plugin file ignored', { file, reason });
    }
    this.#logged = logged;
  }

  /** Throws the failures that are new since the last look. */
  #throwNew(before: ReadonlyMap<string, string>): void {
    const reasons = [...this.#failures].filter(([file, reason]) => before.get(file) !== reason);
    if (reasons.length === 0) return;
    const message = reasons.map(([file, reason]) => `${file}: ${reason}`).join('; ');
    throw new PluginError('', message, message);
  }
}

/** The folders with a config's plugins: the package's own, and the one that the config names. */
export function pluginDirectories({ directory }: PluginSettings): readonly string[] {
  return [...new Set([packageDirectory(), ...(directory === undefined ? [] : [join(directory, sep)])])];
}

async function importBuiltIn(name: string): Promise<CheckedPlugin> {
  const module = (await import(/* @vite-ignore */ builtInUrl(name))) as { default?: unknown };
  return new CheckedPlugin(module.default, BUILT_IN_ORIGIN);
}

function taken({ name, origin }: CheckedPlugin): string {
  return origin.builtIn
    ? `${name} is built in and can't be replaced`
    : `its name ${name} is taken by ${origin.file}: give it another one, or remove one of the files`;
}
