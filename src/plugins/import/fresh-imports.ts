import * as nodeModule from 'node:module';
import { sep } from 'node:path';
import { pathToFileURL } from 'node:url';

import type { PluginSource } from '../source/plugin-source.ts';

type Resolve = (
  specifier: string,
  context: { readonly parentURL?: string | undefined },
  next: (specifier: string, context: object) => { readonly url: string },
) => object;

/** From Node.js 22.15 on; the older way is `module.register`. */
type RegisterHooks = (hooks: { readonly resolve: Resolve }) => { deregister(): void };

const require = nodeModule.createRequire(import.meta.url);

/**
 * Imports plugins whose files change. A module is cached by its address for as long as the process lives, so each state of
 * a plugin gets addresses of its own: the module's and those of everything that it imports from its own folder. What it
 * imports from elsewhere, packages above all, is loaded once.
 */
export class FreshImports {
  #deregister: (() => void) | undefined;
  /** CommonJS modules of plugins that were ever loaded, in the order of their first loading. */
  readonly #commonJs = new Set<string>();

  /**
   * The module's namespace. The source's paths hold no links, as modules are known by what links lead to. `state` tells one
   * state of the plugin from another: letters and digits.
   */
  async import({ file, folder }: PluginSource, state: string): Promise<Readonly<Record<string, unknown>>> {
    const url = pathToFileURL(file);
    let query = state;
    if (folder !== undefined) {
      this.#follow();
      query += `.${String(pathToFileURL(folder + sep).href.length)}`;
    }
    url.search = `?state=${query}`;
    this.#renewCommonJs(folder === undefined ? file : folder + sep);
    return (await import(/* @vite-ignore */ url.href)) as Record<string, unknown>;
  }

  close(): void {
    this.#deregister?.();
    this.#deregister = undefined;
  }

  /**
   * CommonJS modules are cached by their file, whatever the address. Those that were loaded before are loaded anew here,
   * because the runtime takes a module that it forgot and that an import meets first for one half of a circle, and gives
   * what requires it an empty object.
   */
  #renewCommonJs(start: string): void {
    for (const file of Object.keys(require.cache)) {
      if (!file.startsWith(start) || file.slice(start.length).includes(`node_modules${sep}`)) continue;
      this.#commonJs.add(file);
      // eslint-disable-next-line @typescript-eslint/no-dynamic-delete -- it is a cache
      delete require.cache[file];
    }
    for (const file of this.#commonJs) {
      if (!file.startsWith(start)) continue;
      try {
        require(file);
      } catch {
        // It is gone or broken: whoever still needs it will be told.
      }
    }
  }

  #follow(): void {
    if (this.#deregister !== undefined) return;
    const { registerHooks } = nodeModule as { registerHooks?: RegisterHooks };
    if (registerHooks === undefined) {
      nodeModule.register(`data:text/javascript,${encodeURIComponent(HOOK_MODULE)}`);
      // The older way has no way back; a second registration changes nothing about the result.
      this.#deregister = () => undefined;
      return;
    }
    const resolve: Resolve = (specifier, context, next) => {
      const resolved = next(specifier, context);
      return { ...resolved, url: inSameState(resolved.url, context.parentURL) };
    };
    const hooks = registerHooks({ resolve });
    this.#deregister = () => {
      hooks.deregister();
    };
  }
}

/**
 * The address under which a module of a plugin imports another one: with the state of the one that asks, if both lie in
 * the plugin's folder. The query `?state=STATE.LENGTH` says how much of the address is that folder. Names nothing outside
 * of itself, because it also runs, as text, where the older hooks run.
 */
function inSameState(url: string, parent: string | undefined): string {
  const query = /\?state=[0-9a-z]+\.(\d+)$/.exec(parent ?? '');
  if (parent === undefined || query === null || url.includes('?')) return url;
  const folder = parent.slice(0, Number(query[1]));
  const isInside = url.startsWith(folder) && !`/${url.slice(folder.length)}`.includes('/node_modules/');
  return isInside ? url + query[0] : url;
}

const HOOK_MODULE = `
${inSameState.toString()}
export async function resolve(specifier, context, next) {
  const resolved = await next(specifier, context);
  return { ...resolved, url: inSameState(resolved.url, context.parentURL) };
}`;
