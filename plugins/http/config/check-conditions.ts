import type { OptionsCheck, OptionsPath } from '../../../src/plugin-api/index.ts';
import { messageOf } from '../../../src/errors.ts';
import { Pattern } from '../routing/pattern.ts';
import type { PathCondition, Route, RouteNot, ValueCondition } from './schema/options.generated.ts';

const PATH_KEYS: readonly string[] = ['exact', 'prefix', 'suffix', 'regex'];
const VALUE_KEYS: readonly string[] = ['exact', 'regex', 'present', 'absent'];

/** Checks the conditions of a route. */
export function checkConditions(route: Route, at: OptionsPath, context: OptionsCheck): void {
  if (route.host !== undefined && route.hosts !== undefined)
    context.error([...at, 'hosts'], "can't be used together with host");
  if (route.path !== undefined && route.path_prefix !== undefined)
    context.error([...at, 'path_prefix'], "can't be used together with path");
  const other = route.path === undefined ? 'path_prefix' : 'path';
  if (route.paths !== undefined && route[other] !== undefined)
    context.error([...at, 'paths'], `can't be used together with ${other}`);
  checkSet(route, at, context);
  if (route.not !== undefined) {
    if (Object.keys(route.not).length === 0)
      context.error([...at, 'not'], `must have one of the keys ${NOT_KEYS.join(', ')}`);
    checkSet(route.not, [...at, 'not'], context);
  }
}

const NOT_KEYS = ['hosts', 'paths', 'methods', 'headers', 'query', 'client_ip'];

function checkSet(
  { paths = [], headers = {}, query = {} }: Pick<RouteNot, 'paths' | 'headers' | 'query'>,
  at: OptionsPath,
  context: OptionsCheck,
): void {
  for (const [index, condition] of paths.entries())
    checkCondition(condition, PATH_KEYS, [...at, 'paths', index], context);
  for (const [name, condition] of Object.entries(headers))
    checkCondition(condition, VALUE_KEYS, [...at, 'headers', name], context);
  for (const [name, condition] of Object.entries(query))
    checkCondition(condition, VALUE_KEYS, [...at, 'query', name], context);
}

function checkCondition(
  condition: string | PathCondition | ValueCondition,
  keys: readonly string[],
  at: OptionsPath,
  context: OptionsCheck,
): void {
  if (typeof condition === 'string') return;
  if (Object.keys(condition).length !== 1)
    context.error(at, `must have exactly one of the keys ${keys.join(', ')}`);
  if (condition.regex === undefined) return;
  try {
    new Pattern(condition.regex);
  } catch (error) {
    context.error([...at, 'regex'], `must be a regular expression: ${messageOf(error)}`);
  }
}
