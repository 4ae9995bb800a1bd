import type { ProtocolPlugin } from '../../plugin-api/index.ts';
import { BUILT_IN_ORIGIN, ImportedPlugin } from '../../plugins/checks/imported-plugin.ts';
import type { PluginReference, ReferredPlugins } from '../../plugins/plugin-reference.ts';
import { builtInUrl } from '../../plugins/source/own-plugins.ts';

/** The plugins that come with the proxy. */
export class BuiltInPlugins implements ReferredPlugins {
  readonly #imported = new Map<string, Promise<ProtocolPlugin>>();

  async get({ name, file }: PluginReference): Promise<ProtocolPlugin | undefined> {
    if (file !== '') return undefined;
    const imported = this.#imported.get(name) ?? importBuiltIn(name);
    this.#imported.set(name, imported);
    return imported;
  }

  authorOf(): undefined {
    return undefined;
  }
}

async function importBuiltIn(name: string): Promise<ProtocolPlugin> {
  const module = (await import(builtInUrl(name))) as { default?: unknown };
  return new ImportedPlugin(module.default, BUILT_IN_ORIGIN);
}
