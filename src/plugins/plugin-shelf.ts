import { errorFrom, messageOf } from '../errors.ts';
import { BUILT_IN_ORIGIN, ImportedPlugin } from './checks/imported-plugin.ts';
import { PluginError } from './checks/plugin-error.ts';
import { OWN_PROCESS, type ProcessGuards } from './import/guarded-call.ts';
import { PluginImporter } from './import/plugin-importer.ts';
import type { PluginReference, ReferredPlugins } from './plugin-reference.ts';
import { builtInUrl } from './source/own-plugins.ts';
import { PluginContents } from './source/plugin-contents.ts';

/**
 * The plugins of a worker. It imports what the supervisor has found, tried and checked: a worker looks for no plugins, and knows no schemas.
 */
export class PluginShelf implements ReferredPlugins {
  readonly #contents = new PluginContents();
  readonly #importer: PluginImporter<ImportedPlugin>;
  /** By file and hash, for a built-in plugin by its name. A listener keeps its instance as long as it gets the same plugin. */
  readonly #plugins = new Map<string, Promise<ImportedPlugin>>();
  /** The names of strangers' plugins by their files. */
  readonly #names = new Map<string, string>();

  /** @param guards what it may change about the thread. Default: of a thread that runs nothing but the proxy */
  constructor(guards: ProcessGuards = OWN_PROCESS) {
    this.#importer = new PluginImporter(
      guards,
      (exported, origin, guard) => new ImportedPlugin(exported, origin, guard),
    );
  }

  /** Rejects with a PluginError also when the files of the plugin are in another state than the supervisor found. */
  get(reference: PluginReference, limitMs: number): Promise<ImportedPlugin> {
    const { name, file, hash } = reference;
    const key = file === '' ? name : `${file} ${hash}`;
    let plugin = this.#plugins.get(key);
    if (plugin === undefined) {
      plugin = file === '' ? importBuiltIn(name) : this.#import(reference, limitMs);
      this.#plugins.set(key, plugin);
      // A later edit tries it again.
      plugin.catch(() => this.#plugins.delete(key));
    }
    return plugin;
  }

  /** The plugin whose code an error comes from, in any state of its files; undefined when the error comes from no plugin. */
  authorOf(error: unknown): string | undefined {
    const { stack = '' } = errorFrom(error);
    const files = [...this.#names.keys()];
    const file = files.find((each) => this.#importer.isBehind(each, stack));
    return file === undefined ? undefined : this.#names.get(file);
  }

  async #import({ name, file, folder, hash }: PluginReference, limitMs: number): Promise<ImportedPlugin> {
    try {
      const found = await this.#contents.find({ file, folder });
      if (found.hash !== hash) throw new Error('its files changed while it was loaded');
      const plugin = await this.#importer.import(found, limitMs, (state) => this.#contents.isStill(state));
      if (plugin.name !== name) throw new Error(`it is called ${plugin.name} in this thread`);
      this.#names.set(file, name);
      return plugin;
    } catch (error) {
      const reason = messageOf(error);
      throw new PluginError(name, reason, `plugin ${name} failed: ${reason}`, error);
    }
  }
}

async function importBuiltIn(name: string): Promise<ImportedPlugin> {
  const module = (await import(/* @vite-ignore */ builtInUrl(name))) as { default?: unknown };
  return new ImportedPlugin(module.default, BUILT_IN_ORIGIN);
}
