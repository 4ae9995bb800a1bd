import type { ConfigChange } from './config-change.ts';
import { isEqual } from './is-equal.ts';
import type { Consequence, Place } from './place.ts';

/** What a change of a setting does; `key` has dots between the keys below the place. */
export type ConsequenceOf = (key: string) => Consequence;

/** The differences of two sections, one for each key that holds no section. Lists are compared as a whole. */
export function diffSettings(
  before: object | undefined,
  after: object | undefined,
  place: Place,
  consequenceOf: ConsequenceOf,
  skipped: readonly string[] = [],
): ConfigChange[] {
  const old = (before ?? {}) as Readonly<Record<string, unknown>>;
  const now = (after ?? {}) as Readonly<Record<string, unknown>>;
  const changes: ConfigChange[] = [];
  for (const key of new Set([...Object.keys(old), ...Object.keys(now)])) {
    if (!skipped.includes(key)) collect(key, old[key], now[key], place, consequenceOf, changes);
  }
  return changes;
}

function collect(
  key: string,
  before: unknown,
  after: unknown,
  place: Place,
  consequenceOf: ConsequenceOf,
  changes: ConfigChange[],
): void {
  if (isEqual(before, after)) return;
  if (!isSection(before) || !isSection(after)) {
    changes.push(place.setting(key, consequenceOf(key), before, after));
    return;
  }
  for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
    collect(`${key}.${name}`, before[name], after[name], place, consequenceOf, changes);
  }
}

function isSection(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
