import { checkOptionsOf } from '../../config/checks/check-options.ts';
import type { ListenerCheckContext } from '../../config/checks/check-context.ts';
import { checkReferencesOf, warnOfUnusedUpstreams } from '../../config/checks/check-references.ts';
import type { LoadedConfig } from '../../config/load/loaded-config.ts';
import { optionsOf, configPath, type RulesOf } from '../../config/options/listener-options.ts';
import { UpstreamUses } from '../../config/options/upstream-uses.ts';
import type { Problem } from '../../config/problems/problem.ts';
import type { Listener } from '../../config/schema/config.generated.ts';
import { messageOf } from '../../errors.ts';
import type { CheckedPlugin } from './checked-plugin.ts';
import { checkFilters } from './check-filters.ts';

/** What plugins say about the options of their listeners. */
export interface OptionsFindings {
  /** The problems of the options that are refused, by the plugins that refuse them. */
  readonly wrong: ReadonlyMap<CheckedPlugin, readonly Problem[]>;
  readonly warnings: readonly Problem[];
}

/** Where the plugins are found that did not come with the proxy. */
export interface PluginSource {
  get(name: string): CheckedPlugin | undefined;
  readonly rulesOf: RulesOf;
  /** The names of all filters. */
  readonly filterNames: readonly string[];
}

/**
 * Checks the options that belong to plugins, after the load of the config: against the schema of the plugin, then by its rules.
 * The options of built-in protocols are checked within the load, which needs no plugin to be imported.
 */
export function checkPluginOptions(loaded: LoadedConfig, plugins: PluginSource): OptionsFindings {
  const { config } = loaded;
  const wrong = new Map<CheckedPlugin, Problem[]>();
  const warnings: Problem[] = [];
  const uses = new UpstreamUses(config, plugins.rulesOf);
  const contextWith = (errors: Problem[]): ListenerCheckContext => ({
    config,
    uses,
    rulesOf: plugins.rulesOf,
    error: (path, message) => errors.push(loaded.problem(path, message)),
    warn: (path, message) => warnings.push(loaded.problem(path, message)),
    shown: (path, value) => loaded.shown(path, value),
    given: (path) => loaded.isGiven(path),
  });
  checkFilters(loaded, plugins, wrong, contextWith);
  let hasPlugins = false;
  for (const [index, listener] of config.listeners.entries()) {
    const plugin = plugins.get(listener.mode);
    if (plugin === undefined || plugin.origin.builtIn) continue;
    hasPlugins = true;
    const problems = wrong.get(plugin) ?? [];
    checkListener(index, listener, plugin, contextWith(problems));
    if (problems.length > 0) wrong.set(plugin, problems);
  }
  checkProbes(loaded, plugins, wrong);
  // Without listeners of plugins the load has warned already.
  if (hasPlugins) warnOfUnusedUpstreams(contextWith([]));
  return { wrong, warnings };
}

/** Refuses plugins without a probe where `health_check.type` names their protocol. */
function checkProbes(
  loaded: LoadedConfig,
  plugins: PluginSource,
  wrong: Map<CheckedPlugin, Problem[]>,
): void {
  for (const [index, { health_check: check }] of loaded.config.upstreams.entries()) {
    const plugin = check && plugins.get(check.type);
    if (plugin === undefined || plugin.origin.builtIn || plugin.probe !== undefined) continue;
    const path = ['upstreams', index, 'health_check', 'type'];
    const message = `is ${loaded.shown(path, plugin.name)}, but plugin ${plugin.name} can't check backends: it brings no probe`;
    wrong.set(plugin, [...(wrong.get(plugin) ?? []), loaded.problem(path, message)]);
  }
}

function checkListener(
  index: number,
  listener: Listener,
  plugin: CheckedPlugin,
  context: ListenerCheckContext,
): void {
  const faults = plugin.problems(optionsOf(listener));
  for (const { path, message } of faults) context.error(configPath(index, listener, path), message);
  // The rules may rely on what the schema says.
  if (faults.length > 0) return;
  try {
    checkOptionsOf(index, context);
    checkReferencesOf(index, context);
  } catch (error) {
    const reason = `can't be checked: plugin ${plugin.name} failed: ${messageOf(error)}`;
    context.error(configPath(index, listener, []), reason);
  }
}
