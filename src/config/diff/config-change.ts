import type { ConfigChange } from '../../plugin-api/index.ts';

export type { ChangeEffect, ChangeKind, ConfigChange } from '../../plugin-api/index.ts';

/** How many changes a summary names. */
const MOST_NAMED = 8;

/** Changes in one line, for a log: `nothing`, or the first few and how many more there are. */
export function summarizeChanges(changes: readonly ConfigChange[]): string {
  if (changes.length === 0) return 'nothing';
  const named = changes.slice(0, MOST_NAMED).map(({ summary }) => summary);
  const rest = changes.length - named.length;
  return rest === 0 ? named.join(', ') : `${named.join(', ')} and ${rest} more`;
}
