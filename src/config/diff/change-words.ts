import { formatPath } from '../problems/problem.ts';
import type { ChangeKind } from './config-change.ts';

const MOST_CHARACTERS = 60;
const MOST_LISTED = 3;

/** Lists whose order does not count. */
const SETS: ReadonlySet<string> = new Set(['trusted_proxies', 'public', 'allow']);

/** What became of a setting, in a few words. The values are as a file has them, without secrets. */
export function settingWords(kind: ChangeKind, before: unknown, after: unknown): string {
  const value = kind === 'removed' ? before : after;
  if (kind !== 'changed' && typeof value === 'object') return kind;
  if (kind === 'added') return `${valueWords(after)} (was not set)`;
  if (kind === 'removed') return `no longer set (was ${valueWords(before)})`;
  const [old, now] = [valueWords(before), valueWords(after)];
  // Of secrets, and of what differs behind the part that is shown.
  return old === now ? 'has another value' : `${old} → ${now}`;
}

/** What became of a list of texts; undefined when only an order changed that does not count. */
export function listWords(
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

/** The first of several texts, and how many more there are. */
export function firstOf(texts: readonly string[]): string {
  const rest = texts.length - MOST_LISTED;
  return texts.slice(0, MOST_LISTED).join(', ') + (rest > 0 ? ` and ${String(rest)} more` : '');
}

/** A value in one line, cut where it is long. */
function valueWords(value: unknown): string {
  const text = typeof value === 'string' && value !== '' ? value : JSON.stringify(value);
  const line = text.replaceAll(/\s+/g, ' ');
  return line.length > MOST_CHARACTERS ? `${line.slice(0, MOST_CHARACTERS - 1)}…` : line;
}
