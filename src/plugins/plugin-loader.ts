import { readdir, stat } from 'node:fs/promises';
import { extname, join, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { ConfigError } from '../config/config-error.ts';
import type { LoadedConfig } from '../config/loaded-config.ts';
import { pluginDirectory } from '../config/plugin-directory.ts';
import { BalanceError, messageOf } from '../errors.ts';
import type { Logger, ProtocolPlugin } from '../plugin-api/index.ts';
import { CheckedPlugin } from './checked-plugin.ts';

/** The contract's version that this core speaks. */
const API_VERSION = 1;
/** This file's own ending tells what the built-in plugins end with: compiled or not. */
const OWN_EXTENSION = extname(fileURLToPath(import.meta.url));
const BUILT_IN: readonly string[] = ['tcp', 'http'];
/** Where the built-in plugins are, compiled like this file. */
const OWN_DIRECTORY = fileURLToPath(new URL('../../plugins/', import.meta.url));
const NAME = /^[a-z][a-z0-9-]*$/;

/** Finds plugins in folders, checks and imports them. A plugin is a file, or a folder with an `index` file; its default export is a {@link ProtocolPlugin}. */
export class PluginLoader {
  readonly #logger: Logger;
  readonly #plugins = new Map<string, CheckedPlugin>();
  /** Files that were looked at, with what they were then. */
  readonly #seen = new Map<string, string>();
  /** Why files could not be used, by file. */
  readonly #failures = new Map<string, string>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Names of all protocols there are. */
  get names(): readonly string[] {
    return [...this.#plugins.keys()];
  }

  get(name: string): ProtocolPlugin | undefined {
    return this.#plugins.get(name);
  }

  /**
   * Loads all that a config file can use: what comes with the proxy, what lies beside it, and what lies in the file's
   * `plugins.directory`. Called again it loads only what is new. Rejects when a built-in plugin is broken: that is ours to mend.
   */
  async loadFor(configFile: string): Promise<void> {
    for (const name of BUILT_IN) {
      if (this.#plugins.has(name)) continue;
      this.#plugins.set(name, await importPlugin(join(OWN_DIRECTORY, name, `index${OWN_EXTENSION}`), ''));
    }
    await this.loadDirectory(besideDirectory());
    const directory = await pluginDirectory(configFile);
    if (directory !== undefined) await this.loadDirectory(directory);
  }

  /**
   * Loads what lies in a folder and was not loaded yet. A missing folder holds no plugins; a broken plugin is logged and
   * left out, so that it harms only the listeners that need it.
   */
  async loadDirectory(directory: string): Promise<void> {
    for (const file of await pluginFiles(directory)) {
      const stamp = await stampOf(file);
      if (this.#seen.get(file) === stamp) continue;
      this.#seen.set(file, stamp);
      await this.#load(file, stamp);
    }
  }

  /** Throws a ConfigError when a listener has options that its plugin does not take. */
  check(loaded: LoadedConfig): void {
    const problems = loaded.config.listeners.flatMap(({ mode, options }, index) =>
      BUILT_IN.includes(mode)
        ? []
        : (this.#plugins.get(mode)?.problems(options ?? {}) ?? []).map(({ path, message }) =>
            loaded.problem(['listeners', index, 'options', ...path], message),
          ),
    );
    if (problems.length > 0) throw new ConfigError(problems);
  }

  /** Why a file in the plugin folders could not be used, each as `file: reason`. */
  get failures(): readonly string[] {
    return [...this.#failures].map(([file, reason]) => `${file}: ${reason}`);
  }

  async #load(file: string, stamp: string): Promise<void> {
    try {
      const plugin = await importPlugin(file, stamp);
      if (BUILT_IN.includes(plugin.name)) throw new Error(`${plugin.name} is built in and can't be replaced`);
      this.#plugins.set(plugin.name, plugin);
      this.#failures.delete(file);
      this.#logger.info('plugin loaded', { plugin: plugin.name, file });
    } catch (error) {
      this.#failures.set(file, messageOf(error));
      this.#logger.error('plugin refused', { file, error: messageOf(error) });
    }
  }
}

/** The package's `plugins` folder, where strangers put theirs: beside the sources of the built-in ones, which are not JavaScript. */
function besideDirectory(): string {
  const compiled = OWN_DIRECTORY.endsWith(join('dist', 'plugins', sep));
  return compiled ? join(OWN_DIRECTORY, '..', '..', 'plugins') : OWN_DIRECTORY;
}

async function pluginFiles(directory: string): Promise<string[]> {
  let entries;
  try {
    entries = await readdir(directory, { withFileTypes: true });
  } catch {
    return [];
  }
  const files: string[] = [];
  for (const entry of entries.sort((a, b) => a.name.localeCompare(b.name))) {
    const path = join(directory, entry.name);
    // A link may lead to either.
    if (entry.isDirectory() || (entry.isSymbolicLink() && !/\.m?js$/.test(entry.name))) {
      for (const index of ['index.js', 'index.mjs']) {
        if ((await stampOf(join(path, index))) !== '') files.push(join(path, index));
      }
    } else if (/\.m?js$/.test(entry.name)) files.push(path);
  }
  return files;
}

/** What tells one state of a file from another; '' when it is not there. */
async function stampOf(file: string): Promise<string> {
  try {
    const { mtimeMs, size } = await stat(file);
    return `${String(mtimeMs)}-${String(size)}`;
  } catch {
    return '';
  }
}

async function importPlugin(file: string, stamp: string): Promise<CheckedPlugin> {
  const url = pathToFileURL(file);
  // The module cache is by address: a changed file needs another one.
  if (stamp !== '') url.searchParams.set('state', stamp);
  const module = (await import(/* @vite-ignore */ url.href)) as { default?: unknown };
  return checked(module.default);
}

function checked(exported: unknown): CheckedPlugin {
  if (typeof exported !== 'object' || exported === null)
    throw refused('its default export must be a protocol plugin');
  const plugin = exported as Partial<Record<keyof ProtocolPlugin, unknown>>;
  if (plugin.apiVersion !== API_VERSION) {
    throw refused(`it is made for plugin API ${String(plugin.apiVersion)}, this is ${String(API_VERSION)}`);
  }
  if (typeof plugin.name !== 'string' || !NAME.test(plugin.name))
    throw refused('its name must be lower-case letters, digits and dashes');
  if (typeof plugin.provision !== 'function') throw refused('it has no provision function');
  try {
    return new CheckedPlugin(exported as ProtocolPlugin);
  } catch (error) {
    throw refused(`its configSchema can't be used: ${messageOf(error)}`);
  }
}

function refused(reason: string): BalanceError {
  return new BalanceError('plugin_failed', reason, { origin: 'config' });
}
