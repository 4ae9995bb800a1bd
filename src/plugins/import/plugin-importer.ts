import { realpath } from 'node:fs/promises';
import { dirname, sep } from 'node:path';

import { BalanceError, errorFrom, messageOf } from '../../errors.ts';
import type { Closable, ImportedPlugin, PluginOrigin, ProvisionGuard } from '../checks/imported-plugin.ts';
import { ExitGuard } from './exit-guard.ts';
import { FreshImports } from './fresh-imports.ts';
import { guardedCall, type StrayErrors, type ProcessGuards } from './guarded-call.ts';
import { locationInPlugin } from './location-in-plugin.ts';
import type { FoundPlugin } from '../source/plugin-contents.ts';
import type { PluginSource } from '../source/plugin-source.ts';

/** How much of a hash makes the address of a module. */
const STATE_LENGTH = 12;

/** Makes a plugin of what its module exports. Throws an Error that says what is wrong with it. */
export type WrapPlugin<Plugin extends ImportedPlugin> = (
  exported: unknown,
  origin: PluginOrigin,
  guard: ProvisionGuard,
) => Plugin;

/** Tries a module before it is imported here. Rejects with what is wrong with it. */
export type TryPlugin = (source: PluginSource, limitMs: number) => Promise<void>;

/** Imports plugins whose files were found. */
export class PluginImporter<Plugin extends ImportedPlugin> {
  readonly #process: StrayErrors;
  readonly #wrap: WrapPlugin<Plugin>;
  readonly #trial: TryPlugin | undefined;
  readonly #imports = new FreshImports();
  readonly #exitGuard: ExitGuard | undefined;
  /** The real paths of plugins, with symbolic links resolved, by the file that was found. */
  readonly #sources = new Map<string, PluginSource>();
  /** States that were imported. Their modules stay in memory until the process ends. */
  readonly #imported = new Set<string>();
  /** How often a state failed after its trial. The runtime remembers that failure by the address, so each try needs another one. */
  readonly #failures = new Map<string, number>();

  /** @param trial Default: a state is imported at once, as it was tried elsewhere */
  constructor({ strayErrors, guardsExit }: ProcessGuards, wrap: WrapPlugin<Plugin>, trial?: TryPlugin) {
    this.#process = strayErrors;
    this.#wrap = wrap;
    this.#trial = trial;
    this.#exitGuard = guardsExit ? new ExitGuard() : undefined;
  }

  /** How many states of plugins this process keeps in memory. */
  get importedStates(): number {
    return this.#imported.size;
  }

  /**
   * Rejects with what is wrong with the plugin. Importing it and provisioning a listener may take `limitMs` each. `isStill` tells whether
   * its files are the same as when they were found. Otherwise the module would be remembered under the wrong hash, and be used again
   * whenever that state returns.
   */
  async import(
    found: FoundPlugin,
    limitMs: number,
    isStill: (found: FoundPlugin) => Promise<boolean>,
  ): Promise<Plugin> {
    if (found.fault !== undefined) throw new Error(found.fault);
    const source = await realSource(found);
    this.#sources.set(found.file, source);
    const key = `${source.file} ${found.hash}`;
    if (!this.#imported.has(key)) await this.#trial?.(source, limitMs);
    this.#exitGuard?.protect(source.folder ?? source.file);
    try {
      const plugin = await this.#import(found, source, limitMs);
      if (!this.#imported.has(key) && !(await isStill(found)))
        throw new Error('it changed while it was loaded');
      this.#imported.add(key);
      return plugin;
    } catch (error) {
      this.#failures.set(key, (this.#failures.get(key) ?? 0) + 1);
      throw error;
    }
  }

  /** Whether a stack trace leads into the plugin that was found as that file. */
  isBehind(file: string, stack: string): boolean {
    const source = this.#sources.get(file);
    return source !== undefined && locationInPlugin(source, stack) !== '';
  }

  close(): void {
    this.#imports.close();
    this.#exitGuard?.close();
  }

  async #import(found: FoundPlugin, source: PluginSource, limitMs: number): Promise<Plugin> {
    const failures = this.#failures.get(`${source.file} ${found.hash}`) ?? 0;
    const state = found.hash.slice(0, STATE_LENGTH) + (failures === 0 ? '' : `x${failures.toString(36)}`);
    const guard = {
      limitMs,
      process: this.#process,
      isOurs: (error: unknown) => locationOf(source, error) !== '',
    };
    const module = await guardedCall(() => this.#imports.import(source, state), {
      ...guard,
      late: () => undefined,
    });
    const { file, folder, hash } = found;
    const origin = { file, folder, hash, builtIn: false };
    return this.#wrap(module['default'], origin, async <T extends Closable>(provision: () => Promise<T>) => {
      try {
        // An instance that comes after the time limit is closed, because it may hold resources.
        return await guardedCall(provision, {
          ...guard,
          late: (instance) => void quietly(() => instance.close?.()),
        });
      } catch (error) {
        throw withLocation(error, locationOf(source, error));
      }
    });
  }
}

/** Resolves symbolic links, because Node.js knows a module by its real path. */
async function realSource({ file, folder }: PluginSource): Promise<PluginSource> {
  const path = await realpath(file);
  if (folder === undefined) return { file: path, folder };
  const root = await realpath(folder);
  return { file: path, folder: path.startsWith(root + sep) ? root : dirname(path) };
}

function locationOf(source: PluginSource, error: unknown): string {
  return locationInPlugin(source, errorFrom(error).stack ?? '');
}

/** Adds the location in the plugin to an error, unless the error is one of the proxy's own. */
function withLocation(error: unknown, location: string): unknown {
  if (location === '' || errorFrom(error) instanceof BalanceError) return error;
  return new Error(`${messageOf(error)} (${location})`, { cause: error });
}

async function quietly(work: () => unknown): Promise<void> {
  try {
    await work();
  } catch {
    // The instance came too late: its errors do not matter any more.
  }
}
