import type {
  ApiVersion,
  FilterHooks,
  FilterOptionsRules,
  HttpFilterPlugin,
  OptionsRules,
  ProtocolInstance,
  ProtocolPlugin,
} from '../../plugin-api/index.ts';

/** The version of the plugin API that this proxy speaks. */
const API_VERSION: ApiVersion = 2;
const NAME = /^[a-z][a-z0-9-]*$/;
/** The functions of a filter; it has at least one of the first three. */
const HOOKS = ['request', 'response', 'done', 'close'] as const;

/**
 * The plugin that a module exports by default. Throws an Error that says what is missing when the export is no plugin for
 * this proxy. A CommonJS module that was compiled from an ES module has its default export one level below.
 */
export function pluginOf(given: unknown): ProtocolPlugin | HttpFilterPlugin {
  const exported = defaultOf(given);
  if (typeof exported !== 'object' || exported === null)
    throw new Error('its default export must be a plugin: a protocol or a filter');
  const plugin = exported as Partial<Record<keyof ProtocolPlugin | keyof HttpFilterPlugin, unknown>>;
  if (plugin.apiVersion !== API_VERSION) throw new Error(versionMessage(plugin.apiVersion));
  const { kind = 'protocol' } = plugin;
  if (kind !== 'protocol' && kind !== 'http-filter')
    throw new Error(`its kind is ${JSON.stringify(kind)}: it must be "protocol" or "http-filter"`);
  if (typeof plugin.name !== 'string' || !NAME.test(plugin.name))
    throw new Error('its name must be lower-case letters, digits and dashes');
  if (typeof plugin.provision !== 'function') throw new Error('it has no provision function');
  if (plugin.probe !== undefined && typeof plugin.probe !== 'function')
    throw new Error('its probe must be a function');
  if (plugin.optionsRules !== undefined)
    checkRules(plugin.optionsRules, kind === 'protocol' ? PROTOCOL_RULES : FILTER_RULES);
  return exported as ProtocolPlugin | HttpFilterPlugin;
}

/** The instance that a plugin's `provision` gave. Throws an Error when it is none. */
export function instanceOf(given: unknown): ProtocolInstance {
  const instance = (typeof given === 'object' && given !== null ? given : {}) as Partial<ProtocolInstance>;
  if (typeof instance.handle !== 'function' || typeof instance.close !== 'function') {
    throw new Error('provision must give an object with the functions handle and close');
  }
  return instance as ProtocolInstance;
}

/** The filter that a plugin's `provision` gave. Throws an Error when it is none. */
export function filterOf(given: unknown): FilterHooks {
  const hooks = (typeof given === 'object' && given !== null ? given : {}) as Partial<FilterHooks>;
  for (const name of HOOKS) {
    const hook: unknown = hooks[name];
    if (hook !== undefined && typeof hook !== 'function') throw new Error(`its ${name} must be a function`);
  }
  if (HOOKS.every((name) => name === 'close' || hooks[name] === undefined))
    throw new Error('provision must give an object with a function request, response or done');
  return hooks;
}

const PROTOCOL_RULES: readonly (keyof OptionsRules)[] = ['check', 'lint', 'upstreams', 'plugins', 'diff'];
const FILTER_RULES: readonly (keyof FilterOptionsRules)[] = ['check'];

/** A rule that is no function would be found only at the next edit of a listener that uses the plugin. */
function checkRules(given: unknown, names: readonly string[]): void {
  if (typeof given !== 'object' || given === null) throw new Error('its optionsRules must be an object');
  const rules = given as Readonly<Record<string, unknown>>;
  for (const name of names) {
    const rule = rules[name];
    if (rule !== undefined && typeof rule !== 'function')
      throw new Error(`its optionsRules.${name} must be a function`);
  }
}

/** What to do about a plugin that is written for another version of the plugin API, or for none. */
function versionMessage(version: unknown): string {
  if (version === undefined)
    return `it does not say which version of the plugin API it is written for: write apiVersion: ${API_VERSION}`;
  const told = `it is written for version ${JSON.stringify(version)} of the plugin API, and this proxy has version ${API_VERSION}`;
  if (typeof version === 'number' && version > API_VERSION)
    return `${told}: install a newer version of the proxy, or a plugin for version ${API_VERSION}`;
  return `${told}: change it as "From version 1 to 2" in the plugin guide (src/plugin-api/README.md) says, then write apiVersion: ${API_VERSION}`;
}

function defaultOf(given: unknown): unknown {
  const module = (typeof given === 'object' && given !== null ? given : {}) as Readonly<
    Record<string, unknown>
  >;
  return module['__esModule'] === true && 'default' in module ? module['default'] : given;
}
