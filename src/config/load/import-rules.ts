import type { OptionsRules } from '../../plugin-api/index.ts';
import type { ProtocolRules } from './loaded-config.ts';

/**
 * Where the rules of protocols are, by the names of the protocols: addresses of modules whose default export is an
 * {@link OptionsRules}. Functions can't be handed to a thread, addresses can.
 */
export type RulesModules = Readonly<Record<string, string>>;

/** Imports the rules of protocols. */
export async function importRules(modules: RulesModules): Promise<ProtocolRules> {
  const entries = Object.entries(modules).map(async ([protocol, url]) => {
    const module = (await import(/* @vite-ignore */ url)) as { readonly default: OptionsRules };
    return [protocol, module.default] as const;
  });
  return new Map(await Promise.all(entries));
}
