import type { OptionsRules } from '../../plugin-api/index.ts';
import type { ProtocolRules } from './loaded-config.ts';

/**
 * The addresses of modules with the rules of protocols, by the names of the protocols. The default export of each module is an
 * {@link OptionsRules}. Addresses are used because functions can't be sent to a thread.
 */
export type RulesModules = Readonly<Record<string, string>>;

/** Imports the rules of all protocols. */
export async function importRules(modules: RulesModules): Promise<ProtocolRules> {
  const entries = Object.entries(modules).map(async ([protocol, url]) => {
    const module = (await import(/* @vite-ignore */ url)) as { readonly default: OptionsRules };
    return [protocol, module.default] as const;
  });
  return new Map(await Promise.all(entries));
}
