/** The outcome of one case in one proxy. */
export interface Outcome {
  readonly proxy: string;
  readonly accepted: boolean;
  /** The meaning that the proxy gave to an accepted case, in one line; equal lines mean the same. */
  readonly meaning: string;
}

export const KINDS = [
  'all accept',
  'all accept, not alike',
  'all refuse',
  'balance stricter',
  'balance laxer',
] as const;
export type Kind = (typeof KINDS)[number];

/** Our own proxy against the others. */
export function kindOf(outcomes: readonly Outcome[]): Kind {
  const [own, ...others] = outcomes;
  if (!own?.accepted) return others.some((other) => other.accepted) ? 'balance stricter' : 'all refuse';
  if (others.some((other) => !other.accepted)) return 'balance laxer';
  return others.every((other) => other.meaning === own.meaning) ? 'all accept' : 'all accept, not alike';
}

/** Names the outcomes, so that cases that come out alike fall into one class. */
export function signatureOf(outcomes: readonly Outcome[]): string {
  const groups: string[] = [];
  return outcomes
    .map(({ proxy, accepted, meaning }) => {
      if (!accepted) return `${proxy} refuses`;
      if (!groups.includes(meaning)) groups.push(meaning);
      const group =
        groups.length > 1 || outcomes.some((other) => other.accepted && other.meaning !== meaning);
      return group
        ? `${proxy} accepts as ${String.fromCharCode(65 + groups.indexOf(meaning))}`
        : `${proxy} accepts`;
    })
    .join(', ');
}
