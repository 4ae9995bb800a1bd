import { formatPath } from '../problems/problem.ts';
import type { ConfigChange } from './config-change.ts';
import { isEqual } from '../values/is-equal.ts';
import type { Consequence, ConfigSection } from './config-section.ts';

/** What a change of a setting does; `key` has dots between the keys below the section. */
export type ConsequenceOf = (key: string) => Consequence;

type Values = Readonly<Record<string, unknown>>;

/** Lists in which the order says nothing. */
const SETS: ReadonlySet<string> = new Set(['trusted_proxies', 'public', 'allow']);

/** The differences of two sections, one for each key that holds no section. */
export function diffSettings(
  before: object,
  after: object,
  section: ConfigSection,
  consequenceOf: ConsequenceOf,
  skipped: readonly string[] = [],
): ConfigChange[] {
  const [old, now] = [before as Values, after as Values];
  const changes: ConfigChange[] = [];
  for (const key of keysOf(old, now)) {
    if (!skipped.includes(key)) collect([key], old[key], now[key], section, consequenceOf, changes);
  }
  return changes;
}

function collect(
  keys: readonly string[],
  before: unknown,
  after: unknown,
  section: ConfigSection,
  consequenceOf: ConsequenceOf,
  changes: ConfigChange[],
): void {
  if (isEqual(before, after)) return;
  if (isSection(before) && isSection(after)) {
    for (const key of keysOf(before, after))
      collect([...keys, key], before[key], after[key], section, consequenceOf, changes);
    return;
  }
  const consequence = consequenceOf(keys.join('.'));
  if (!isTextList(before) || !isTextList(after)) {
    changes.push(section.setting(keys, consequence, before, after));
    return;
  }
  const words = listChange(keys, before, after);
  if (words !== undefined) changes.push(section.setting(keys, consequence, before, after, words));
}

/** Undefined when nothing but an order changed that says nothing. */
function listChange(
  keys: readonly string[],
  before: readonly string[],
  after: readonly string[],
): string | undefined {
  const path = formatPath(keys);
  const added = after.filter((item) => !before.includes(item)).map((item) => `+ ${item}`);
  const removed = before.filter((item) => !after.includes(item)).map((item) => `- ${item}`);
  if (added.length + removed.length > 0) return `${path} ${[...added, ...removed].join(', ')}`;
  return SETS.has(keys.at(-1) ?? '') ? undefined : `${path} in another order`;
}

function keysOf(before: Values, after: Values): Iterable<string> {
  return new Set([...Object.keys(before), ...Object.keys(after)]);
}

function isSection(value: unknown): value is Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isTextList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}
