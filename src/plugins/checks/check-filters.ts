import type { ListenerCheckContext } from '../../config/checks/check-context.ts';
import { optionsCheck } from '../../config/checks/check-options.ts';
import type { LoadedConfig } from '../../config/load/loaded-config.ts';
import { configPath, type RulesOf } from '../../config/options/listener-options.ts';
import { suggestion } from '../../config/problems/closest.ts';
import type { Path, Problem } from '../../config/problems/problem.ts';
import type { Listener } from '../../config/schema/config.generated.ts';
import { messageOf } from '../../errors.ts';
import type { OptionsPlace, PluginUse } from '../../plugin-api/index.ts';
import type { CheckedPlugin } from './checked-plugin.ts';
import { filterUses, usedOptions } from './filter-uses.ts';

/** Where filters are found. */
interface FilterSource {
  get(name: string): CheckedPlugin | undefined;
  readonly rulesOf: RulesOf;
  /** The names of all filters. */
  readonly filterNames: readonly string[];
}

/** The filters that listeners use exist, and take their options. A filter that does not exist is held against the protocol. */
export function checkFilters(
  { config }: LoadedConfig,
  plugins: FilterSource,
  wrong: Map<CheckedPlugin, Problem[]>,
  contextWith: (errors: Problem[]) => ListenerCheckContext,
): void {
  for (const [index, listener] of config.listeners.entries()) {
    for (const use of filterUses(listener, plugins.rulesOf)) {
      const found = plugins.get(use.given.use);
      const blamed = found?.filter === undefined ? plugins.get(listener.mode) : found;
      if (blamed === undefined) continue;
      const problems = wrong.get(blamed) ?? [];
      checkFilter({ index, listener, use }, found, plugins.filterNames, contextWith(problems));
      if (problems.length > 0) wrong.set(blamed, problems);
    }
  }
}

function checkFilter(
  { index, listener, use }: { index: number; listener: Listener; use: PluginUse },
  plugin: CheckedPlugin | undefined,
  names: readonly string[],
  context: ListenerCheckContext,
): void {
  const { place, given } = use;
  const path = (inner: OptionsPlace): Path =>
    configPath(index, listener, typeof inner === 'string' ? inner : [...place, ...inner]);
  if (plugin?.filter === undefined) {
    const at = path(['use']);
    const hint = suggestion(given.use, names);
    context.error(
      at,
      `is ${context.shown(at, given.use)}, which is no filter${hint}${hint.endsWith('?') ? '' : ';'} there are: ${names.join(', ')}`,
    );
    return;
  }
  const faults = plugin.problems(usedOptions(use));
  for (const { path: inner, message } of faults) context.error(path(inner), message);
  if (faults.length > 0) return;
  try {
    const options = plugin.filled(usedOptions(use));
    plugin.filterRules?.check?.(options, optionsCheck(listener, context, path));
  } catch (error) {
    context.error(path([]), `can't be checked: plugin ${plugin.name} failed: ${messageOf(error)}`);
  }
}
