import type { ProtocolPlugin } from '../../plugin-api/index.ts';

/** The contract's version that this core speaks. */
const API_VERSION = 1;
const NAME = /^[a-z][a-z0-9-]*$/;

/**
 * The plugin that a module exports by default; throws an Error when that is none. A CommonJS module that was compiled from an
 * ES module has its default export one level below.
 */
export function checkShape(given: unknown): ProtocolPlugin {
  const exported = defaultOf(given);
  if (typeof exported !== 'object' || exported === null)
    throw new Error('its default export must be a protocol plugin');
  const plugin = exported as Partial<Record<keyof ProtocolPlugin, unknown>>;
  if (plugin.apiVersion !== API_VERSION) {
    throw new Error(`it is made for plugin API ${String(plugin.apiVersion)}, this is ${String(API_VERSION)}`);
  }
  if (typeof plugin.name !== 'string' || !NAME.test(plugin.name))
    throw new Error('its name must be lower-case letters, digits and dashes');
  if (typeof plugin.provision !== 'function') throw new Error('it has no provision function');
  return exported as ProtocolPlugin;
}

function defaultOf(given: unknown): unknown {
  const module = (typeof given === 'object' && given !== null ? given : {}) as Readonly<
    Record<string, unknown>
  >;
  return module['__esModule'] === true && 'default' in module ? module['default'] : given;
}
