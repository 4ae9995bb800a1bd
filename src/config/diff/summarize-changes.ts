import type { ConfigChange } from './config-change.ts';

const SHOWN = 8;

/** Changes in one line, for a log: `nothing`, or the first few and how many more there are. */
export function summarizeChanges(changes: readonly ConfigChange[]): string {
  if (changes.length === 0) return 'nothing';
  const shown = changes.slice(0, SHOWN).map(({ summary }) => summary);
  const rest = changes.length - shown.length;
  return rest === 0 ? shown.join(', ') : `${shown.join(', ')} and ${rest} more`;
}
